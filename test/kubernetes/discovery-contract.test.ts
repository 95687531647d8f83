import { after, before } from "node:test";
import { KubernetesDiscoverer } from "#discovery/kubernetes/discoverer.ts";
import { createKubeClient } from "#kubernetes/http-client.ts";
import { silentLogger } from "#lib/log.ts";
import { discoveryContract, type PlatformWorld } from "../contract/discovery/discovery-contract.ts";
import type { Services } from "../contract/discovery/followed.ts";
import { createNamespace } from "./support/access.ts";
import { FaultyProxy } from "./support/faulty-proxy.ts";
import { KubeBox } from "./support/kubebox.ts";

let box: KubeBox;
let worlds = 0;

before(async () => {
  box = await KubeBox.start({ controllers: [] });
});
after(() => box[Symbol.asyncDispose]());

/** A namespace of a real API server, reached through a proxy that can be away. */
class ClusterWorld implements PlatformWorld {
  readonly #namespace: string;
  readonly #proxy: FaultyProxy;
  readonly #parts = new AsyncDisposableStack();
  #present = new Set<string>();
  #isDown = false;
  readonly changes = {
    have: (services: Services) => this.#have(services),
    fail: async () => {
      this.#isDown = true;
      await this.#proxy.down();
    },
    fallSilent: () => void (this.#proxy.fault = () => "hang"),
    recover: async () => {
      this.#proxy.fault = () => undefined;
      if (this.#isDown) await this.#proxy.up();
      this.#isDown = false;
    },
  };

  private constructor(namespace: string, proxy: FaultyProxy) {
    this.#namespace = namespace;
    this.#proxy = this.#parts.use(proxy);
  }

  static async open(services: Services): Promise<ClusterWorld> {
    const world = new ClusterWorld(`shop-${++worlds}`, await FaultyProxy.start(box));
    await createNamespace(box.admin, world.#namespace);
    await world.#have(services);
    return world;
  }

  discoverer(): KubernetesDiscoverer {
    const kubeconfig = this.#proxy.kubeconfig(box.token("cluster-admin"));
    return new KubernetesDiscoverer({
      client: this.#parts.use(createKubeClient({ connection: { type: "inline", kubeconfig } })),
      teamOf: (namespace) => (namespace === this.#namespace ? "team-shop" : undefined),
      log: silentLogger,
      times: { inStep: 20, reflector: { backoff: { least: 5, most: 20 } } },
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#parts.disposeAsync();
  }

  async #have(services: Services): Promise<void> {
    const namespace = this.#namespace;
    for (const [name, addresses] of Object.entries(services)) {
      await box.admin.apply(
        { apiVersion: "v1", kind: "Service", metadata: { namespace, name }, spec: { ports: [{ port: 80 }] } },
        {
          apiVersion: "discovery.k8s.io/v1",
          kind: "EndpointSlice",
          metadata: { namespace, name, labels: { "kubernetes.io/service-name": name } },
          addressType: "IPv4",
          ports: [{ name: "", port: 8080 }],
          endpoints: addresses.map((address) => ({ addresses: [address] })),
        },
      );
    }
    const gone = [...this.#present].filter((name) => !(name in services));
    for (const name of gone) {
      await box.admin.delete(`/api/v1/namespaces/${namespace}/services/${name}`);
      await box.admin.delete(`/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices/${name}`);
    }
    this.#present = new Set(Object.keys(services));
  }
}

discoveryContract("kubernetes", (services) => ClusterWorld.open(services));
