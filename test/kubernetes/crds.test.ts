import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import { CORE_SCHEMA, loadAll } from "js-yaml";
import { run } from "../../src/cli/program.ts";
import { DEFINED_KINDS } from "../../src/crds/defined-kinds.ts";
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
import { proxy, REFUSED_OBJECTS, service } from "./support/refused-objects.ts";

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
    const times = { backoff: { least: 20, most: 200 }, absent: 3_600_000 };
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

  for (const [name, [manifest, field]] of Object.entries(REFUSED_OBJECTS)) {
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
