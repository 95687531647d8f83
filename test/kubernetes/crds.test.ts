import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import { CORE_SCHEMA, loadAll } from "js-yaml";
import { run } from "../../src/cli/program.ts";
import { DEFINED_KINDS } from "../../src/crds/custom-resource-definition.ts";
import { createKubeClient } from "../../src/kubernetes/http-client.ts";
import { silentLogger } from "../../src/lib/log.ts";
import { KIND_FACTS } from "../../src/resources/kinds.ts";
import { formatRef } from "../../src/resources/ref.ts";
import { refOf, type Resource } from "../../src/resources/resource.ts";
import { validate } from "../../src/resources/validate.ts";
import { ClusterSource } from "../../src/sources/cluster/cluster-source.ts";
import { RecordingSink } from "../../src/sources/recording-sink.ts";
import { findKubectl, Kubectl } from "../integration/support/kubectl.ts";
import { temporaryDirectory } from "../integration/support/temp-dir.ts";
import { until } from "../integration/support/until.ts";
import { type ApiClient, ApiError, type Manifest } from "./support/api-client.ts";
import { createNamespace } from "./support/access.ts";
import { KubeBox } from "./support/kubebox.ts";

const limit = { timeout: 120_000 };
const GOLDEN = join(import.meta.dirname, "../golden");
const proxies = "/apis/projectcontour.io/v1/namespaces/team/httpproxies";

async function definitions(...argv: readonly string[]): Promise<string> {
  const stdout = new PassThrough();
  const context = { version: "1.2.3", env: {}, cwd: "/", signal: new AbortController().signal };
  assert.equal(await run(["crds", ...argv], { ...context, stdout, stderr: stdout }), 0);
  stdout.end();
  return text(stdout);
}

/** Every object of these kinds among the golden files that is valid by itself. */
function examples(): readonly { readonly manifest: Manifest; readonly object: Resource }[] {
  const files = ["translation", "convert"].flatMap((folder) =>
    readdirSync(join(GOLDEN, folder)).map((file) => join(GOLDEN, folder, file)),
  );
  const kinds: readonly string[] = DEFINED_KINDS;
  return files
    .filter((file) => file.endsWith(".in.yaml") && !file.endsWith("errors.in.yaml"))
    .flatMap((file) => loadAll(readFileSync(file, "utf8"), { schema: CORE_SCHEMA }))
    .flatMap((document) => {
      const checked = validate(document, { unknownFields: "error" });
      return checked.type === "accepted" && kinds.includes(checked.object.kind)
        ? [{ manifest: document as Manifest, object: checked.object }]
        : [];
    });
}

function proxy(spec: unknown): Manifest {
  return { apiVersion: "projectcontour.io/v1", kind: "HTTPProxy", metadata: { name: "bad", namespace: "team" }, spec };
}

function ingressRoute(spec: unknown): Manifest {
  const apiVersion = "contour.heptio.com/v1beta1";
  return { apiVersion, kind: "IngressRoute", metadata: { name: "bad", namespace: "team" }, spec };
}

const service = { name: "a", port: 80 };
const routed = (fields: object): Manifest => proxy({ routes: [{ services: [service], ...fields }] });
const hosted = (fields: object): Manifest => proxy({ virtualhost: { fqdn: "a.test", ...fields } });
const sending = (fields: object): Manifest => proxy({ routes: [{ services: [{ ...service, ...fields }] }] });

/** What the API server has to refuse, and the field that it has to name. */
const REFUSED: Readonly<Record<string, readonly [Manifest, field: string]>> = {
  "no host": [proxy({ virtualhost: {} }), "spec.virtualhost.fqdn"],
  "a wildcard in the middle": [proxy({ virtualhost: { fqdn: "a.*.test" } }), "spec.virtualhost.fqdn"],
  "a port out of range": [sending({ port: 70_000 }), "spec.routes[0].services[0].port"],
  "a port that is a text": [sending({ port: "80" }), "spec.routes[0].services[0].port"],
  "a port between two": [sending({ port: 80.5 }), "spec.routes[0].services[0].port"],
  "a service without a name": [proxy({ routes: [{ services: [{ port: 80 }] }] }), "spec.routes[0].services[0].name"],
  "a negative weight": [sending({ weight: -1 }), "spec.routes[0].services[0].weight"],
  "a protocol that is none": [sending({ protocol: "http2" }), "spec.routes[0].services[0].protocol"],
  "subject names that contradict": [
    sending({ validation: { caSecret: "ca", subjectName: "a", subjectNames: ["b"] } }),
    "spec.routes[0].services[0].validation",
  ],
  "a slow start of no time": [
    sending({ slowStartPolicy: { window: "soon" } }),
    "spec.routes[0].services[0].slowStartPolicy.window",
  ],
  "a time without unit": [routed({ timeoutPolicy: { response: "5" } }), "spec.routes[0].timeoutPolicy.response"],
  "a time in days": [routed({ timeoutPolicy: { idle: "1d" } }), "spec.routes[0].timeoutPolicy.idle"],
  "retries on nothing known": [routed({ retryPolicy: { retryOn: ["6xx"] } }), "spec.routes[0].retryPolicy.retryOn[0]"],
  "a redirect that is none": [
    proxy({ routes: [{ requestRedirectPolicy: { statusCode: 305 } }] }),
    "spec.routes[0].requestRedirectPolicy.statusCode",
  ],
  "a redirect to half a path": [
    proxy({ routes: [{ requestRedirectPolicy: { path: "x" } }] }),
    "spec.routes[0].requestRedirectPolicy.path",
  ],
  "a redirect to no host": [
    proxy({ routes: [{ requestRedirectPolicy: { hostname: "A_b" } }] }),
    "spec.routes[0].requestRedirectPolicy.hostname",
  ],
  "an answer that is none": [
    proxy({ routes: [{ directResponsePolicy: { statusCode: 600 } }] }),
    "spec.routes[0].directResponsePolicy.statusCode",
  ],
  "a cookie that no browser takes": [
    routed({ cookieRewritePolicies: [{ name: "a b" }] }),
    "spec.routes[0].cookieRewritePolicies[0].name",
  ],
  "a cookie for half a page": [
    routed({ cookieRewritePolicies: [{ name: "a", pathRewrite: { value: "/x;y" } }] }),
    "spec.routes[0].cookieRewritePolicies[0].pathRewrite.value",
  ],
  "a header condition without a name": [
    routed({ conditions: [{ header: { present: true } }] }),
    "spec.routes[0].conditions[0].header.name",
  ],
  "addresses of nobody": [
    routed({ ipAllowPolicy: [{ source: "peer", cidr: "10.0.0.0/8" }] }),
    "spec.routes[0].ipAllowPolicy[0].source",
  ],
  "a limit of nothing": [
    routed({ rateLimitPolicy: { local: { requests: 0, unit: "second" } } }),
    "spec.routes[0].rateLimitPolicy.local.requests",
  ],
  "a limit without a unit": [
    routed({ rateLimitPolicy: { local: { requests: 1 } } }),
    "spec.routes[0].rateLimitPolicy.local.unit",
  ],
  "a replacement of nothing": [
    routed({ pathRewritePolicy: { replacePrefix: [{ prefix: "/a" }] } }),
    "spec.routes[0].pathRewritePolicy.replacePrefix[0].replacement",
  ],
  "a health check of no status": [
    routed({ healthCheckPolicy: { path: "/", expectedStatuses: [{ start: 99, end: 700 }] } }),
    "spec.routes[0].healthCheckPolicy.expectedStatuses[0].start",
  ],
  "an include without a name": [proxy({ includes: [{ namespace: "a" }] }), "spec.includes[0].name"],
  "an include in no namespace": [proxy({ includes: [{ name: "a", namespace: "A" }] }), "spec.includes[0].namespace"],
  "a Secret of no namespace": [hosted({ tls: { secretName: "A/b" } }), "spec.virtualhost.tls.secretName"],
  "CORS for nobody": [
    hosted({ corsPolicy: { allowOrigin: [], allowMethods: ["GET"] } }),
    "spec.virtualhost.corsPolicy.allowOrigin",
  ],
  "CORS with methods in one text": [
    hosted({ corsPolicy: { allowOrigin: ["*"], allowMethods: ["GET, PUT"] } }),
    "spec.virtualhost.corsPolicy.allowMethods[0]",
  ],
  "a JWT provider without keys": [hosted({ jwtProviders: [{ name: "a" }] }), "spec.virtualhost.jwtProviders[0]"],
  "HTTP settings of a gRPC service": [
    hosted({ authorization: { httpSettings: {} } }),
    "spec.virtualhost.authorization",
  ],
  "a header by two names": [
    hosted({
      authorization: { serviceType: "http", httpSettings: { allowedUpstreamHeaders: [{ exact: "a", prefix: "b" }] } },
    }),
    "spec.virtualhost.authorization.httpSettings.allowedUpstreamHeaders[0]",
  ],
  "a delegation to nobody": [
    {
      apiVersion: "projectcontour.io/v1",
      kind: "TLSCertificateDelegation",
      metadata: { name: "bad", namespace: "team" },
      spec: { delegations: [{ secretName: "a" }] },
    },
    "spec.delegations[0].targetNamespaces",
  ],
  "an extension of no service": [
    {
      apiVersion: "projectcontour.io/v1alpha1",
      kind: "ExtensionService",
      metadata: { name: "bad", namespace: "team" },
      spec: { services: [] },
    },
    "spec.services",
  ],
  "an IngressRoute with a wildcard": [ingressRoute({ virtualhost: { fqdn: "*.test" } }), "spec.virtualhost.fqdn"],
  "a match that is no path": [ingressRoute({ routes: [{ match: "a", services: [service] }] }), "spec.routes[0].match"],
  "services and a delegate": [
    ingressRoute({ routes: [{ match: "/", services: [service], delegate: { name: "a" } }] }),
    "spec.routes[0]",
  ],
  "neither services nor a delegate": [ingressRoute({ routes: [{ match: "/" }] }), "spec"],
  "WebSockets to two services": [
    ingressRoute({ routes: [{ match: "/", services: [service, service], enableWebsockets: true }] }),
    "spec.routes[0]",
  ],
  "TCP to nowhere": [ingressRoute({ tcpproxy: {} }), "spec.tcpproxy"],
};

describe("binnacle crds and a real API server", limit, () => {
  const stack = new AsyncDisposableStack();
  let box: KubeBox;
  let api: ApiClient;
  let kubectl: Kubectl;
  const sink = new RecordingSink();

  before(async () => {
    box = stack.use(await KubeBox.start({ controllers: [] }));
    api = box.admin;
    const folder = stack.use(await temporaryDirectory("crds"));
    kubectl = new Kubectl(await findKubectl(), await box.kubeconfigFile(), folder.path);
    await createNamespace(api, "team");
    const client = stack.use(createKubeClient({ connection: { type: "inline", kubeconfig: box.kubeconfig() } }));
    const stop = new AbortController();
    const times = { backoff: { least: 20, most: 200 }, absent: 100 };
    const source = new ClusterSource({
      client,
      sink,
      log: silentLogger,
      times,
      onSynced: () => sink.wake(),
      onProblems: () => sink.wake(),
    });
    const followed = source.run(stop.signal);
    stack.defer(async () => {
      stop.abort();
      await followed;
    });
    // They come when the source has found that they are absent.
    await sink.until(() => sink.calls.length > 0);
    const file = join(folder.path, "crds.yaml");
    await writeFile(file, await definitions("--kind", ...DEFINED_KINDS));
    const applied = await kubectl.ok("apply", "-f", file);
    assert.equal(applied.match(/ created$/gm)?.length, DEFINED_KINDS.length);
    for (const kind of DEFINED_KINDS) {
      const path = `/apis/${KIND_FACTS[kind].apiVersion}`;
      const served = async () => JSON.stringify(await api.get(path).catch(() => ""));
      await until(served, { accept: (answer) => answer.includes(`"${kind}"`), what: kind });
    }
  }, limit);
  after(() => stack.disposeAsync());

  test("what is defined is established, and its schema has no fault", async () => {
    const { items } = await api.get<{
      items: { metadata: { name: string }; status: { conditions: { type: string; status: string }[] } }[];
    }>("/apis/apiextensions.k8s.io/v1/customresourcedefinitions");
    assert.equal(items.length, DEFINED_KINDS.length);
    for (const { metadata, status } of items) {
      const standing = status.conditions.filter((condition) => condition.status === "True").map(({ type }) => type);
      assert.deepEqual(standing.sort(), ["Established", "NamesAccepted"], metadata.name);
    }
  });

  test("every example is taken, and is the same when it is read again", async () => {
    const all = examples();
    assert.ok(all.length > 60, `${all.length} examples`);
    for (const [index, { manifest, object }] of all.entries()) {
      const named = { ...manifest, metadata: { name: `example-${index}`, namespace: "team" } };
      await api.apply(named);
      const { metadata: _metadata, ...stored } = await api.get<Manifest>(await api.pathOf(named));
      const again = validate({ ...stored, metadata: manifest.metadata }, { unknownFields: "error" });
      assert.ok(again.type === "accepted", JSON.stringify(again));
      assert.deepEqual("spec" in again.object && again.object.spec, "spec" in object && object.spec);
    }
    const first = all.findIndex(({ object }) => object.kind === "IngressRoute");
    await sink.until(() => sink.names().includes(`IngressRoute team/example-${first}`));
    assert.ok(all.some(({ object }) => formatRef(refOf(object)).startsWith("ExtensionService ")));
  });

  for (const [name, [manifest, field]] of Object.entries(REFUSED)) {
    test(`refused: ${name}`, async () => {
      const collection = (await api.pathOf(manifest)).replace(/\/[^/]*$/, "");
      await assert.rejects(api.create(collection, manifest), (error) => {
        assert.ok(error instanceof ApiError, String(error));
        assert.equal(error.code, 422, error.message);
        const words = error.message.replace(/^.*? is invalid: /, "");
        assert.ok(words.includes(`${field}: `), `${words} does not name ${field}`);
        return true;
      });
      const checked = validate(manifest, { unknownFields: "warn" });
      assert.equal(checked.type, "refused", "a directory would refuse it, too");
    });
  }

  test("unknown fields are pruned, not refused", async () => {
    const spec = { virtualhost: { fqdn: "new.test" }, routes: [{ services: [service], fromTheFuture: { a: [1] } }] };
    const manifest = proxy({ ...spec, alsoNew: true });
    await api.create(proxies, { ...manifest, metadata: { name: "pruned", namespace: "team" } });
    const stored = await api.get<Manifest>(`${proxies}/pruned`);
    assert.deepEqual(stored["spec"], { virtualhost: { fqdn: "new.test" }, routes: [{ services: [service] }] });
  });

  test("status is a sub-resource, and stands in kubectl's columns", async () => {
    const manifest = { ...proxy({ virtualhost: { fqdn: "s.test" } }), metadata: { name: "status", namespace: "team" } };
    await api.create(proxies, manifest);
    const columns = async (): Promise<readonly (readonly string[])[]> =>
      (await kubectl.ok("get", "proxy", "-n", "team", "status")).split("\n").map((line) => line.split(/ {2,}/));
    assert.deepEqual(await columns(), [
      ["NAME", "FQDN", "TLS SECRET", "STATUS", "STATUS DESCRIPTION"],
      ["status", "s.test", "NotReconciled", "Waiting for controller"],
      [""],
    ]);
    const error = { type: "RouteError", status: "True", reason: "NothingDefined", message: "none" };
    const condition = { type: "Valid", status: "False", reason: "ErrorPresent", message: "At least one error" };
    const lastTransitionTime = "2026-01-01T00:00:00Z";
    const status = {
      currentStatus: "invalid",
      description: "At least one error",
      conditions: [{ ...condition, lastTransitionTime, errors: [error] }],
    };
    await api.patch(`${proxies}/status`, { status });
    assert.equal((await columns())[1]?.[2], "NotReconciled", "a write of the object leaves it alone");
    await api.patch(`${proxies}/status/status`, { status });
    assert.deepEqual((await columns())[1], ["status", "s.test", "invalid", "At least one error"]);
    assert.deepEqual((await api.get<Manifest>(`${proxies}/status`))["status"], status);
  });

  test("applied again they are unchanged, and those of today are what is printed unless others are asked for", async () => {
    const standard = loadAll(await definitions()) as Manifest[];
    assert.deepEqual(
      standard.map(({ metadata }) => metadata?.name),
      [
        "httpproxies.projectcontour.io",
        "tlscertificatedelegations.projectcontour.io",
        "extensionservices.projectcontour.io",
      ],
    );
    assert.deepEqual((JSON.parse(await definitions("-o", "json")) as { items: unknown }).items, standard);
  });
});
