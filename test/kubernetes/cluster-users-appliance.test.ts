import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { test } from "node:test";
import { loadAll } from "js-yaml";
import { WebSocket } from "ws";
import type { ObjectsAnswer } from "#api/answers.ts";
import type { ServerMessage } from "#traffic/messages.ts";
import type { RequestRow } from "#traffic/request-shown.ts";
import { ApplianceHome } from "../integration/support/appliance-home.ts";
import { httpGet } from "../integration/support/http-get.ts";
import { until } from "../integration/support/until.ts";
import { createNamespace, grant, serviceAccountToken } from "./support/access.ts";
import type { Manifest } from "./support/api-client.ts";
import { KubeBox } from "./support/kubebox.ts";

const FOLDER = resolve(import.meta.dirname, "../../appliance/kubernetes");

test(
  "a team changes its own routes in the cluster, and sees its own traffic at the appliance, with one token",
  { timeout: 180_000 },
  async () => {
    await using box = await KubeBox.start({ controllers: [], users: { sue: ["team-shop"], ben: [] } });
    const { admin } = box;
    for (const file of ["control-plane-rbac.yaml", "team-rbac.yaml"]) {
      await admin.apply(...(loadAll(await readFile(resolve(FOLDER, file), "utf8")) as Manifest[]));
    }
    await createNamespace(admin, "team-blog");
    const rules = [{ apiGroups: ["networking.k8s.io"], resources: ["ingresses"], verbs: ["*"] }];
    await grant(admin, "blog", { to: { user: "ben" }, rules, namespace: "team-blog" });
    await admin.apply({
      apiVersion: "networking.k8s.io/v1",
      kind: "IngressClass",
      metadata: { name: "binnacle" },
      spec: { controller: "binnacle.dev/ingress-controller" },
    });

    await using home = await ApplianceHome.create("cluster-users");
    const { http, api } = home;
    const token = await serviceAccountToken(admin, "binnacle-system", "control-plane");
    const settings = `sources: {cluster: {kubeconfig: ${await box.kubeconfigFile(token)}}}`;
    await home.configure(settings);
    await using _appliance = await home.serve();
    const host = `127.0.0.1:${api}`;

    const [sue, ben] = [box.as("sue"), box.as("ben")];
    await until(() => sue.apply(ingress("team-shop")).then(() => true), { what: "sue's right" });
    await until(() => ben.apply(ingress("team-blog")).then(() => true), { what: "ben's right" });
    await assert.rejects(sue.apply(ingress("team-blog")), { code: 403 });
    const authorization = `Bearer ${box.token("sue")}`;
    const seen = async () => {
      const { body } = await httpGet({ port: api }, "/api/v1/objects?kind=Ingress", {
        host,
        headers: { authorization },
      });
      return (JSON.parse(body) as ObjectsAnswer).objects.map(({ ref }) => ref.namespace);
    };
    // A new namespace is asked for some seconds after it came.
    await until(seen, { accept: (namespaces) => namespaces.length > 0, what: "sue's route" });
    assert.deepEqual(await seen(), ["team-shop"]);

    const rows: RequestRow[] = [];
    const live = new WebSocket(`ws://${host}/api/v1/traffic`, { headers: { authorization } });
    live.once("open", () => live.send(JSON.stringify({ type: "subscribe", recentRows: 0 })));
    live.on("message", (data: Buffer) => {
      const message = JSON.parse(data.toString()) as ServerMessage;
      if (message.type === "delta" || message.type === "snapshot") rows.push(...(message.requests ?? []));
    });
    // Both are failures, which are shown each: neither host has an upstream.
    await until(
      async () => {
        for (const team of ["team-blog", "team-shop"]) await httpGet({ port: http }, "/", { host: `${team}.example` });
        return rows.length;
      },
      { accept: (count) => count >= 3, what: "sue's requests", timeoutMs: 60_000 },
    );
    assert.deepEqual([...new Set(rows.map(({ owner }) => owner?.namespace))], ["team-shop"]);
    live.terminate();
  },
);

function ingress(namespace: string): Manifest {
  const backend = { service: { name: "gone", port: { number: 80 } } };
  const paths = [{ path: "/", pathType: "Prefix", backend }];
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: { namespace, name: "web" },
    spec: { ingressClassName: "binnacle", rules: [{ host: `${namespace}.example`, http: { paths } }] },
  };
}
