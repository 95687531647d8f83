import assert from "node:assert/strict";
import { test } from "node:test";
import { createKubeClient } from "#kubernetes/http-client.ts";
import { silentLogger } from "#lib/log.ts";
import { ClusterSource } from "#sources/cluster/cluster-source.ts";
import { type Archive, MemoryArchive } from "#store/archive.ts";
import type { ControlPlane } from "../../src/control-plane.ts";
import { type Certificate, certificateAuthority } from "../integration/support/certificate.ts";
import { settingsFor } from "../integration/support/gateway.ts";
import { until } from "../integration/support/until.ts";
import { createNamespace } from "./support/access.ts";
import type { Manifest } from "./support/api-client.ts";
import { KubeBox } from "./support/kubebox.ts";
import { definition } from "./support/schemaless-definition.ts";
import { tlsSecret } from "./support/tls-secret.ts";
import { controlPlaneForTests } from "../../src/main/control-plane-for-tests.ts";

const HOST = "shop.test";

/** A control plane over a cluster, without Envoy. */
class House implements AsyncDisposable {
  readonly controlPlane: ControlPlane;
  synced = false;
  readonly #parts = new AsyncDisposableStack();

  constructor(kubeconfig: string, archive: Archive) {
    this.controlPlane = controlPlaneForTests({
      translate: settingsFor(8080, 8443),
      archive,
    });
    const { store } = this.controlPlane;
    const source = new ClusterSource({
      client: this.#parts.use(createKubeClient({ connection: { type: "inline", kubeconfig } })),
      sink: store,
      log: silentLogger,
      lastGood: (ref) => store.lastGood(ref),
      onSynced: () => {
        this.controlPlane.open();
        this.synced = true;
      },
    });
    const stop = new AbortController();
    const run = source.run(stop.signal);
    this.#parts.defer(async () => {
      stop.abort();
      await run;
    });
  }

  /** Whether the store has the Secret with this pair. */
  has({ cert }: Certificate): boolean {
    const found = this.controlPlane.store.get("Secret", "certs", "site")?.object;
    return found?.data["tls.crt"] === Buffer.from(cert).toString("base64");
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#parts.disposeAsync();
  }
}

const secret = (certificate: Certificate): Manifest => tlsSecret("certs", "site", certificate);

function proxy(routes: unknown): Manifest {
  return {
    apiVersion: "projectcontour.io/v1",
    kind: "HTTPProxy",
    metadata: { namespace: "certs", name: "shop" },
    spec: { virtualhost: { fqdn: HOST, tls: { secretName: "site" } }, routes },
  };
}

test(
  "an object that is refused from the start on is served with its Secret as that is now",
  { timeout: 120_000 },
  async () => {
    await using box = await KubeBox.start({ controllers: [] });
    await createNamespace(box.admin, "certs");
    await box.admin.apply(definition("v1", "HTTPProxy"));
    const authority = certificateAuthority();
    const [first, second] = [authority.issue([HOST]), authority.issue([HOST])];
    await box.admin.apply(secret(first));
    const good = proxy([{ directResponsePolicy: { statusCode: 200 } }]);
    await until(() => box.admin.apply(good).then(() => true), { what: "the definition to be in force" });
    const archive = new MemoryArchive();
    const kubeconfig = box.kubeconfig(box.token("cluster-admin"));
    const ref = { kind: "HTTPProxy", namespace: "certs", name: "shop" } as const;
    {
      await using house = new House(kubeconfig, archive);
      const { store } = house.controlPlane;
      await until(() => house.synced && house.has(first), { what: "the first sync" });
      // As an Envoy that acknowledges all of it.
      for (const { ref: object, inUse } of store.states()) if (inUse !== undefined) store.accept(object, inUse.hash);
    }
    await box.admin.apply(proxy("none"));

    await using house = new House(kubeconfig, archive);
    await until(() => house.synced, { what: "the next first sync" });
    const { store, translator } = house.controlPlane;
    assert.equal(store.state(ref)?.refused?.by, "validation");
    assert.ok(house.has(first));
    const reasons = translator.verdicts(ref).map(({ reason }) => reason);
    assert.deepEqual(reasons, []);

    await box.admin.apply(secret(second));
    await until(() => house.has(second), { what: "the renewed pair" });
  },
);
