import type { V1EndpointSlice } from "@kubernetes/client-node";
import { httpGet } from "../../integration/support/http-get.ts";
import { type Tally, Tallying } from "../../integration/support/steady-load.ts";
import type { ApiClient } from "./api-client.ts";
import { follow } from "./follow.ts";

export interface ServiceLoadOptions {
  readonly api: ApiClient;
  readonly namespace: string;
  readonly service: string;
  /** The name of the Service's port. */
  readonly port: string;
  readonly host: string;
  /** How late the balancer hears of a change: real ones, and the nodes' own, take seconds. */
  readonly lagMs: number;
}

const IN_FLIGHT = 2;

/**
 * Requests without a break through a Service, by a load balancer in front of it: each on a connection of its own, to the ready
 * endpoints in turn, as the real EndpointSlices named them a moment ago.
 */
export class ServiceLoad implements AsyncDisposable {
  readonly #options: ServiceLoadOptions;
  readonly #slices = new Map<string, V1EndpointSlice>();
  readonly #answers = new Tallying();
  readonly #stop = new AbortController();
  readonly #work: Promise<unknown>;
  #turn = 0;

  constructor(options: ServiceLoadOptions) {
    this.#options = options;
    this.#work = Promise.all([this.#follow(), ...Array.from({ length: IN_FLIGHT }, () => this.#send())]);
  }

  get requests(): number {
    return this.#answers.requests;
  }

  async end(): Promise<Tally> {
    await this[Symbol.asyncDispose]();
    return this.#answers.tally;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#work;
  }

  #follow(): Promise<void> {
    const { api, namespace, service } = this.#options;
    const put = (slice: V1EndpointSlice): unknown => this.#slices.set(slice.metadata?.name ?? "", slice);
    const follower = {
      list: (slices: readonly V1EndpointSlice[]) => slices.forEach(put),
      put: (slice: V1EndpointSlice) => this.#late(() => put(slice)),
      gone: (slice: V1EndpointSlice) => this.#late(() => this.#slices.delete(slice.metadata?.name ?? "")),
    };
    const label = encodeURIComponent(`kubernetes.io/service-name=${service}`);
    const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?labelSelector=${label}`;
    return follow<V1EndpointSlice>(api, path, follower, this.#stop.signal);
  }

  /** One after the other, as they came; what is still to come at the end is forgotten. */
  #late(change: () => unknown): void {
    setTimeout(change, this.#options.lagMs).unref();
  }

  #endpoints(): readonly { readonly address: string; readonly port: number }[] {
    return [...this.#slices.values()].flatMap(({ endpoints, ports }) => {
      const port = ports?.find(({ name }) => name === this.#options.port)?.port ?? 0;
      const ready = (endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false);
      return ready.flatMap(({ addresses }) => addresses.map((address) => ({ address, port })));
    });
  }

  async #send(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const endpoints = this.#endpoints();
      const endpoint = endpoints[this.#turn++ % Math.max(1, endpoints.length)];
      if (endpoint === undefined) {
        // Before the first slices are there.
        await new Promise((soon) => setImmediate(soon));
        continue;
      }
      const what = await httpGet(endpoint, "/", { host: this.#options.host }).then(
        ({ status, body }) => (status === 200 ? "200" : `${status} ${body.trim()} of ${endpoint.address}`),
        (error: unknown) => `${String(error)} of ${endpoint.address}`,
      );
      this.#answers.count(what);
    }
  }
}
