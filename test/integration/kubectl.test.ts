import assert from "node:assert/strict";
import { once } from "node:events";
import { stat, writeFile } from "node:fs/promises";
import { type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { after, before, suite, test } from "node:test";
import type { Api } from "#api/api.ts";
import { LOCAL_NAMES } from "#api/guard/own-hosts.ts";
import { OwnAuthority } from "#api/tls/own-authority.ts";
import { API_ADDRESS_FILE } from "#cli/api-client.ts";
import { run } from "#cli/program.ts";
import { silentLogger } from "#lib/log.ts";
import type { ControlPlane } from "../../src/control-plane.ts";
import { startSimulated } from "../browser/simulated/start-simulated.ts";
import { changesOf } from "./support/gateway.ts";
import { controlPlaneOf, kubeFeedOf } from "./support/served-objects.ts";
import { findKubectl, Kubectl } from "./support/kubectl.ts";
import { temporaryDirectory } from "./support/temp-dir.ts";
import { until } from "./support/until.ts";

const OBJECTS = `
apiVersion: v1
kind: Namespace
metadata: {name: team-shop}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop, namespace: team-shop, labels: {app: shop}}
spec:
  rules:
  - host: shop.example.com
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
  - host: api.example.com
    http: {paths: [{path: /v1, pathType: Prefix, backend: {service: {name: nope, port: {number: 80}}}}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: team-shop, labels: {gimbal.projectcontour.io/backend: east}}
spec: {ports: [{port: 80, name: http}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: team-shop, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{port: 8080, name: http}]
endpoints: [{addresses: [10.0.0.1]}, {addresses: [10.0.0.2]}]
---
apiVersion: v1
kind: Secret
metadata:
  name: keys
  namespace: team-shop
  annotations: {kubectl.kubernetes.io/last-applied-configuration: "{hunter2}"}
stringData: {password: hunter2}
---
apiVersion: v1
kind: Service
metadata: {name: other, namespace: team-other, labels: {gimbal.projectcontour.io/backend: west}}
spec: {type: ExternalName, externalName: example.com}
`;

const TOKEN = "t".repeat(43);
const stack = new AsyncDisposableStack();
let kubectl: Kubectl;
let controlPlane: ControlPlane;
let api: Api;
let state = "";

before(async () => {
  state = stack.use(await temporaryDirectory("kubectl")).path;
  controlPlane = controlPlaneOf(OBJECTS);
  const kube = kubeFeedOf(controlPlane, {
    addresses: [{ ip: "192.0.2.7", ports: [{ port: 80, protocol: "TCP" }] }],
    home: "the manifests in /etc/binnacle/manifests",
  });
  const names = LOCAL_NAMES.map((name) => name.replace(/^\[(.*)\]$/, "$1"));
  const ownAuthority = await OwnAuthority.open({ stateDirectory: state, names, log: silentLogger, now: Date.now });
  api = stack.use(await startSimulated(state, TOKEN, { kube, ownAuthority }));
  await writeFile(join(state, "token"), `${TOKEN}\n`);
  await writeFile(join(state, API_ADDRESS_FILE), `${api.url}\n`);
  const file = join(state, "kubeconfig");
  assert.equal(await binnacle("kubeconfig", "--state", state, "--output", file), 0);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  kubectl = new Kubectl(await findKubectl(), file, state);
});

after(() => stack.disposeAsync());

/** The exit code of the command line. */
function binnacle(...args: readonly string[]): Promise<number> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const signal = new AbortController().signal;
  return run(args, { stdout: nowhere, stderr: process.stderr, env: {}, cwd: state, version: "0.1.0", signal });
}

/** The words of each line of a table. */
function words(table: string): readonly (readonly string[])[] {
  return table
    .trimEnd()
    .split("\n")
    .map((line) => line.split(/\s{2,}/));
}

/** All but ages, which pass. */
function withoutAge(line: readonly string[] | undefined): readonly string[] {
  return (line ?? []).filter((word) => !/^\d+[smhd]/.test(word));
}

suite("a real kubectl", () => {
  test("get ns shows every namespace that holds objects, written or not; one goes with its last object", async () => {
    const names = async () => words(await kubectl.ok("get", "ns", "--no-headers")).map(([name]) => name);
    assert.deepEqual(await names(), ["team-other", "team-shop"]);
    assert.equal(
      await kubectl.ok("get", "ns", "-l", "kubernetes.io/metadata.name=team-other", "-o", "name"),
      "namespace/team-other\n",
    );
    assert.match(await kubectl.ok("describe", "ns", "team-other"), /Status: +Active/);
    const object = changesOf(`
apiVersion: v1
kind: Service
metadata: {name: brief, namespace: team-brief}
spec: {ports: [{port: 80}]}
`);
    const namespace = changesOf("apiVersion: v1\nkind: Namespace\nmetadata: {name: team-brief}");
    controlPlane.store.apply([...object, ...namespace]);
    assert.deepEqual(await names(), ["team-brief", "team-other", "team-shop"]);
    controlPlane.store.apply([{ type: "delete", ref: { kind: "Namespace", namespace: "", name: "team-brief" } }]);
    assert.deepEqual(await names(), ["team-brief", "team-other", "team-shop"], "it holds an object still");
    controlPlane.store.apply([{ type: "delete", ref: { kind: "Service", namespace: "team-brief", name: "brief" } }]);
    assert.deepEqual(await names(), ["team-other", "team-shop"]);
  });

  test("get -A shows its usual columns, and with -o wide what Binnacle says", async () => {
    const [head, row] = words(await kubectl.ok("get", "ingress", "-A", "-o", "wide"));
    assert.deepEqual(head?.slice(0, 7), ["NAMESPACE", "NAME", "CLASS", "HOSTS", "ADDRESS", "PORTS", "AGE"]);
    assert.equal(head?.at(-1), "BINNACLE");
    const hosts = "shop.example.com,api.example.com";
    const expected = ["team-shop", "shop", "<none>", hosts, "192.0.2.7", "80", "ServiceNotFound"];
    assert.deepEqual(withoutAge(row), expected);
  });

  test("labels and fields select, short names and categories are known", async () => {
    assert.equal(
      await kubectl.ok("get", "svc", "-A", "-l", "gimbal.projectcontour.io/backend=east", "-o", "name"),
      "service/web\n",
    );
    assert.equal(
      await kubectl.ok("get", "svc", "-A", "--field-selector", "metadata.namespace=team-other", "-o", "name"),
      "service/other\n",
    );
    assert.equal(await kubectl.ok("get", "all", "-n", "team-shop", "-o", "name"), "service/web\n");
    assert.match((await kubectl.run("get", "svc", "-A", "-l", "a~b")).stderr, /BadRequest.*unable to parse/);
    assert.match(
      (await kubectl.run("get", "svc", "-A", "--field-selector", "foo=bar")).stderr,
      /field label not supported/,
    );
  });

  test("pages of one object make the whole list", async () => {
    assert.equal(await kubectl.ok("get", "svc", "-A", "--chunk-size=1", "-o", "name"), "service/other\nservice/web\n");
  });

  test("-o json is the object as it was written, with status and what is wrong with it", async () => {
    const shop = JSON.parse(await kubectl.ok("get", "ingress", "shop", "-n", "team-shop", "-o", "json"));
    assert.deepEqual(shop.spec.rules[0].http.paths[0], {
      path: "/",
      pathType: "Prefix",
      backend: { service: { name: "web", port: { number: 80 } } },
    });
    assert.deepEqual(shop.status, {
      loadBalancer: { ingress: [{ ip: "192.0.2.7", ports: [{ port: 80, protocol: "TCP" }] }] },
    });
    assert.equal(shop.metadata.annotations["binnacle.dev/status"], "Error");
    assert.match(shop.metadata.annotations["binnacle.dev/problems"], /ServiceNotFound spec\.rules\[1\]/);
  });

  test("describe understands what it gets", async () => {
    const shop = await kubectl.ok("describe", "ingress", "shop", "-n", "team-shop");
    assert.match(shop, /Address: +192\.0\.2\.7/);
    assert.match(shop, /binnacle\.dev\/status: Error/);
    assert.match(await kubectl.ok("describe", "service", "web", "-n", "team-shop"), /projectcontour\.io\/backend=east/);
    assert.match(await kubectl.ok("describe", "namespace", "team-shop"), /Status: +Active/);
  });

  test("a Secret shows its keys, and its values in no form", async () => {
    for (const form of ["yaml", "json", "wide"]) {
      assert.doesNotMatch(await kubectl.ok("get", "secrets", "-A", "-o", form), /hunter2|aHVudGVyMg/);
    }
    const description = await kubectl.ok("describe", "secret", "keys", "-n", "team-shop");
    assert.match(description, /password: +0 bytes/);
    assert.match(description, /values-withheld/);
  });

  test("what is not there, or not served, is told as a Kubernetes API tells it", async () => {
    assert.match(
      (await kubectl.run("get", "ing", "nope", "-n", "team-shop")).stderr,
      /Error from server \(NotFound\): ingresses\.networking\.k8s\.io "nope" not found/,
    );
    assert.match((await kubectl.run("get", "pods")).stderr, /doesn't have a resource type "pods"/);
  });

  test("every write is refused with where the objects come from", async () => {
    for (const args of [
      ["delete", "ingress", "shop", "-n", "team-shop", "--wait=false"],
      ["label", "ingress", "shop", "-n", "team-shop", "a=b"],
      ["create", "namespace", "mine"],
    ]) {
      const { code, stderr } = await kubectl.run(...args);
      assert.notEqual(code, 0);
      assert.match(
        stderr,
        /MethodNotAllowed.*read-only: objects come from the manifests in \/etc\/binnacle\/manifests/,
      );
    }
    const { stderr } = await kubectl.run("delete", "ingress", "shop", "-n", "team-shop", "--wait=false");
    assert.match(stderr, /Ingress team-shop\/shop stands in test\.yaml/);
  });

  test("get -w sees what comes, changes and goes, and nothing of other kinds or labels", async () => {
    await using watching = new AsyncDisposableStack();
    const east = kubectl.follow(watching, "get", "svc", "-A", "-l", "gimbal.projectcontour.io/backend=east", "-w");
    const names = () => east.lines.slice(1).map((line) => line.split(/\s+/)[1]);
    await until(names, { accept: (seen) => seen.length === 1, what: "the first row" });
    const service = (backend: string) => `
apiVersion: v1
kind: Service
metadata: {name: nope, namespace: team-shop, labels: {gimbal.projectcontour.io/backend: ${backend}}}
spec: {ports: [{port: 80}]}
`;
    for (const [backend, rows] of [
      ["west", 1],
      ["east", 2],
      ["west", 3],
      ["east", 4],
    ] as const) {
      controlPlane.store.apply(changesOf(service(backend)));
      await until(names, { accept: (seen) => seen.length === rows, what: `${rows} rows` });
    }
    controlPlane.store.apply([{ type: "delete", ref: { kind: "Service", namespace: "team-shop", name: "nope" } }]);
    await until(names, { accept: (seen) => seen.length === 5, what: "the row of the one that is gone" });
    assert.deepEqual(names(), ["web", "nope", "nope", "nope", "nope"]);
  });

  test("with another token nobody is answered", async () => {
    const { stderr } = await kubectl.run("get", "svc", "-A", "--token", "wrong");
    assert.match(stderr, /Unauthorized|must be logged in/);
  });
});

/** A Service of two kilobytes. */
function many(name: string): string {
  const annotations = `{note: ${"x".repeat(2000)}}`;
  return `apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: team-many, labels: {many: "yes"}, annotations: ${annotations}}
spec: {ports: [{port: 80}]}
`;
}

suite("the watch itself", () => {
  test("a version of another life is told Expired, and one of this life goes on where it stood", async () => {
    const ask = async (query: string) => {
      const answer = await fetch(`${api.url}/k8s/api/v1/services?watch=1&timeoutSeconds=1&${query}`, {
        headers: { authorization: `Bearer ${TOKEN}` },
      });
      return (await answer.text())
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line));
    };
    const [error] = await ask("resourceVersion=5");
    assert.deepEqual([error.type, error.object.code, error.object.reason], ["ERROR", 410, "Expired"]);

    const list = await fetch(`${api.url}/k8s/api/v1/services`, { headers: { authorization: `Bearer ${TOKEN}` } });
    const { metadata } = (await list.json()) as { metadata: { resourceVersion: string } };
    const added = changesOf(
      "{apiVersion: v1, kind: Service, metadata: {name: late, namespace: team-late}, spec: {ports: [{port: 1}]}}",
    );
    controlPlane.store.apply(added);
    const events = await ask(`resourceVersion=${metadata.resourceVersion}`);
    assert.deepEqual(
      events.map(({ type, object }) => [type, object.metadata.name]),
      [["ADDED", "late"]],
    );
    const initial = await ask("sendInitialEvents=true&allowWatchBookmarks=true&fieldSelector=metadata.name%3Dlate");
    assert.deepEqual(
      initial.map(({ type }) => type),
      ["ADDED", "BOOKMARK"],
    );
    assert.equal(initial[1].object.metadata.annotations["k8s.io/initial-events-end"], "true");
  });

  test("exactly an earlier version is told Expired, exactly the present one is answered", async () => {
    const list = async (query: string) => {
      const headers = { authorization: `Bearer ${TOKEN}` };
      const answer = await fetch(`${api.url}/k8s/api/v1/services?${query}`, { headers });
      const { metadata, reason } = (await answer.json()) as { metadata: { resourceVersion: string }; reason?: string };
      return { version: metadata.resourceVersion, status: answer.status, reason };
    };
    const { version } = await list("");
    const match = (name: string) => `resourceVersion=${version}&resourceVersionMatch=${name}`;
    assert.equal((await list(match("Exact"))).version, version);
    controlPlane.store.apply(changesOf(many("more")));
    const { status, reason } = await list(match("Exact"));
    assert.deepEqual([status, reason], [410, "Expired"]);
    assert.equal((await list(match("NotOlderThan"))).status, 200);
    assert.equal((await list(match("Nearly"))).status, 400);
    assert.equal((await list("resourceVersionMatch=Exact")).status, 400);
    controlPlane.store.apply([{ type: "delete", ref: { kind: "Service", namespace: "team-many", name: "more" } }]);
  });

  test("megabytes are told to the end, to a reader that waits too: what there is, where that ends, what came since", async () => {
    const objects = Array.from({ length: 2000 }, (_, at) => many(`s${String(at).padStart(4, "0")}`));
    controlPlane.store.apply(changesOf(objects.join("---\n")));
    const query = "watch=1&sendInitialEvents=true&allowWatchBookmarks=true&labelSelector=many";
    const asked = request(`${api.url}/k8s/api/v1/services?${query}`, { headers: { authorization: `Bearer ${TOKEN}` } });
    const [answer] = (await once(asked.end(), "response")) as [IncomingMessage];
    // Nothing has been read yet, and what waits is more than is kept for anybody.
    controlPlane.store.apply(changesOf(many("late")));
    const told: string[] = [];
    for await (const line of createInterface({ input: answer })) {
      const { type, object } = JSON.parse(line);
      told.push(`${type} ${object.metadata.name ?? ""}`);
      if (told.at(-1) === "ADDED late") break;
    }
    answer.destroy();
    assert.equal(told.length, 2002);
    assert.deepEqual([told[0], told[1999], told[2000]], ["ADDED s0000", "ADDED s1999", "BOOKMARK "]);
    const listed = await kubectl.ok("get", "svc", "-A", "-l", "many", "--chunk-size=0", "--no-headers");
    assert.equal(listed.trimEnd().split("\n").length, 2001);
  });
});
