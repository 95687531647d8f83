import { KubernetesDiscoverer } from "#discovery/kubernetes/discoverer.ts";
import { KubeError } from "#kubernetes/kube-error.ts";
import type { CallOptions, KubeList } from "#kubernetes/client.ts";
import type { KubeObject, ResourceType } from "#kubernetes/resource-type.ts";
import { ScriptedClient } from "#kubernetes/scripted-client.ts";
import { silentLogger } from "#lib/log.ts";
import { discoveryContract, type PlatformWorld } from "./discovery-contract.ts";
import type { Services } from "./followed.ts";

const away = new KubeError("list services: connection refused", { code: 0, reason: "Unreachable" });

const expired = new KubeError("too old resource version", { code: 410, reason: "Expired" });

/** A cluster without network between: the same contract is asked of real API servers by `npm run test:kubernetes`. */
class ScriptedCluster extends ScriptedClient implements PlatformWorld {
  #services: Services;
  #version = 1;
  #mode: "answering" | "failing" | "silent" = "answering";
  readonly changes = {
    have: (services: Services) => {
      this.#services = services;
      this.#version++;
      this.#endWatches(expired);
    },
    fail: () => {
      this.#mode = "failing";
      this.#endWatches(away);
    },
    fallSilent: () => void (this.#mode = "silent"),
    recover: () => void (this.#mode = "answering"),
  };

  constructor(services: Services) {
    super();
    this.#services = services;
  }

  override watch(...[type, options]: Parameters<ScriptedClient["watch"]>): ReturnType<ScriptedClient["watch"]> {
    // What changed in between is in no watch: it begins with a refusal, as with a server that has forgotten its events.
    const missed = options.resourceVersion !== String(this.#version) && this.#mode !== "failing";
    this.refuseWatch = () => (missed ? expired : this.#mode === "failing" ? away : undefined);
    return super.watch(type, options);
  }

  discoverer(): KubernetesDiscoverer {
    return new KubernetesDiscoverer({
      client: this,
      teamOf: (namespace) => namespace,
      log: silentLogger,
      times: { gather: 1, inStep: 10, reflector: { backoff: { least: 1, most: 1 } } },
    });
  }

  override async list(type: ResourceType, { signal }: CallOptions): Promise<KubeList> {
    await this.#answers(signal);
    const version = String(this.#version);
    const items = Object.entries(this.#services).map(([name, addresses]) =>
      type.plural === "services" ? service(name, version) : slice(name, addresses, version),
    );
    return { resourceVersion: version, items };
  }

  override async read(_path: string, { signal }: CallOptions): Promise<unknown> {
    await this.#answers(signal);
    return { resources: [{ name: "endpointslices" }] };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  async #answers(signal: AbortSignal): Promise<void> {
    if (this.#mode === "failing") throw away;
    if (this.#mode === "silent")
      await new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(away), { once: true }));
  }

  #endWatches(error: KubeError): void {
    for (const watch of this.watches.splice(0)) watch.end(error);
  }
}

const metadata = (name: string, resourceVersion: string) => ({ name, namespace: "shop", uid: name, resourceVersion });

function service(name: string, version: string): KubeObject {
  return { metadata: metadata(name, version), spec: { ports: [{ port: 80 }] } };
}

function slice(name: string, addresses: readonly string[], version: string): KubeObject {
  return {
    metadata: { ...metadata(`${name}-x`, version), labels: { "kubernetes.io/service-name": name } },
    addressType: "IPv4",
    ports: [{ port: 8080 }],
    endpoints: addresses.map((address) => ({ addresses: [address] })),
  };
}

discoveryContract("kubernetes", (services) => Promise.resolve(new ScriptedCluster(services)));
