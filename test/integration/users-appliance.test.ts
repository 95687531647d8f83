import assert from "node:assert/strict";
import { test } from "node:test";
import type { ObjectsAnswer } from "#api/answers.ts";
import { tokenHash } from "#api/auth/users.ts";
import { hashPassword } from "#lib/password-hash.ts";
import { ApplianceHome } from "./support/appliance-home.ts";
import { httpGet } from "./support/http-get.ts";
import { until } from "./support/until.ts";

const PASSWORD = "correct horse battery";

const service = (namespace: string): string =>
  `{apiVersion: v1, kind: Service, metadata: {name: web, namespace: ${namespace}}, spec: {ports: [{port: 80}]}}\n`;

test("users of binnacle.yaml see what is theirs; who is taken out of the file is out without a restart", async () => {
  await using home = await ApplianceHome.create("users");
  const { api } = home;
  await home.write("manifests/shop.yaml", `${service("team-shop")}---\n${service("team-other")}`);
  const sue = `{name: sue, role: viewer, namespaces: [team-shop], passwordHash: "${await hashPassword(PASSWORD)}"}`;
  const bot = `{name: bot, role: operator, namespaces: all, tokenHashes: ["${tokenHash("bots-token")}"]}`;
  const write = (...users: readonly string[]): Promise<void> =>
    home.configure("sources: {directory: manifests}", (config) =>
      config.replace(`{port: ${api}}`, `{port: ${api}, users: [${users.join()}]}`),
    );
  const ask = (authorization: string) =>
    httpGet({ port: api }, "/api/v1/objects", { host: `127.0.0.1:${api}`, headers: { authorization } });
  const seen = async (authorization: string) => {
    const { body } = await ask(authorization);
    return (JSON.parse(body) as ObjectsAnswer).objects.map(({ ref }) => ref.namespace);
  };
  const sues = `Basic ${Buffer.from(`sue:${PASSWORD}`).toString("base64")}`;

  await write(sue, bot);
  await using appliance = await home.serve();
  assert.deepEqual(await seen(sues), ["team-shop"]);
  assert.deepEqual(await seen("Bearer bots-token"), ["team-other", "team-shop"]);
  await write(bot);
  await until(() => ask(sues), { accept: ({ status }) => status === 401, what: "sue to be out" });
  assert.equal((await ask("Bearer bots-token")).status, 200);
  assert.doesNotMatch(appliance.output, /correct horse|bots-token/);
});
