import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { ObjectsAnswer } from "#api/answers.ts";
import { tokenHash } from "#api/auth/users.ts";
import { hashPassword } from "#lib/password-hash.ts";
import { applianceConfig, ApplianceProcess } from "./support/appliance-process.ts";
import { freePorts } from "./support/free-port.ts";
import { httpGet } from "./support/http-get.ts";
import { temporaryDirectory } from "./support/temp-dir.ts";
import { until } from "./support/until.ts";

const PASSWORD = "correct horse battery";

const service = (namespace: string): string =>
  `{apiVersion: v1, kind: Service, metadata: {name: web, namespace: ${namespace}}, spec: {ports: [{port: 80}]}}\n`;

test("users of binnacle.yaml see what is theirs; who is taken out of the file is out without a restart", async () => {
  await using home = await temporaryDirectory("users");
  await mkdir(join(home.path, "manifests"));
  await writeFile(join(home.path, "manifests/shop.yaml"), `${service("team-shop")}---\n${service("team-other")}`);
  const ports = await freePorts(4);
  const [, , api = 0] = ports;
  const config = applianceConfig(ports, "sources: {directory: manifests}");
  const sue = `{name: sue, role: viewer, namespaces: [team-shop], passwordHash: "${await hashPassword(PASSWORD)}"}`;
  const bot = `{name: bot, role: operator, namespaces: all, tokenHashes: ["${tokenHash("bots-token")}"]}`;
  const write = (...users: readonly string[]): Promise<void> =>
    writeFile(
      join(home.path, "binnacle.yaml"),
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
  await using appliance = new ApplianceProcess(home.path);
  const ready = () => httpGet({ port: api }, "/readyz", { host: `127.0.0.1:${api}` });
  await until(ready, {
    accept: ({ status }) => status === 200,
    timeoutMs: 60_000,
    what: `readiness; ${appliance.output}`,
  });
  assert.deepEqual(await seen(sues), ["team-shop"]);
  assert.deepEqual(await seen("Bearer bots-token"), ["team-other", "team-shop"]);
  await write(bot);
  await until(() => ask(sues), { accept: ({ status }) => status === 401, what: "sue to be out" });
  assert.equal((await ask("Bearer bots-token")).status, 200);
  assert.doesNotMatch(appliance.output, /correct horse|bots-token/);
});
