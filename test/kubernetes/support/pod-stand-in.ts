import type { V1Pod } from "@kubernetes/client-node";
import { setTimeout as delay } from "node:timers/promises";
import { ApiError, type ApiClient } from "./api-client.ts";
import { follow } from "./follow.ts";

/** A Pod that was given an address. */
export interface PlacedPod {
  readonly namespace: string;
  readonly name: string;
  readonly ip: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** What runs in a Pod. Disposed of when the Pod is gone. */
export interface RunningPod extends AsyncDisposable {
  /** Ends it in order, once the Pod's end is asked for; the Pod stays until this resolves. May be called again. */
  end?(): Promise<void>;
}

export interface PodStandInOptions {
  /** The first three numbers of the Pods' addresses: those of a claimed subnet (pod-network.ts) where Pods get traffic. */
  readonly prefix?: string;
  /** Starts what runs in a Pod, and resolves when it is ready; from then on `setReady` says how it is. */
  readonly run?: (pod: PlacedPod, object: V1Pod) => Promise<RunningPod>;
}

const NODE = "stand-in";
const RETRY_MS = 50;

/**
 * Stands in for scheduler and kubelet, which kubebox lacks: binds each Pod, gives it an address and makes it Ready; deletes
 * it when its end is asked for. The controllers, which make Pods of Deployments and EndpointSlices of Pods, are the real
 * ones. Goes on after an outage of the API server.
 */
export class PodStandIn implements AsyncDisposable {
  readonly #api: ApiClient;
  readonly #options: PodStandInOptions;
  readonly #stop = new AbortController();
  /** By uid: the address, and what runs there once it does. */
  readonly #placed = new Map<string, { readonly ip: string; readonly running: Promise<RunningPod | undefined> }>();
  /** Pods whose end was asked for while their ends are held. */
  readonly #terminating = new Map<string, V1Pod>();
  /** What was begun and not waited for; it never rejects. */
  readonly #work = new Set<Promise<void>>();
  readonly #failures: unknown[] = [];
  #holdsEnds = false;
  #lastNumber = 1;

  private constructor(api: ApiClient, options: PodStandInOptions) {
    this.#api = api;
    this.#options = options;
  }

  static async start(api: ApiClient, options: PodStandInOptions = {}): Promise<PodStandIn> {
    const standIn = new PodStandIn(api, options);
    // The endpoint controllers take no Pod of a node that does not exist.
    await api.apply({ apiVersion: "v1", kind: "Node", metadata: { name: NODE } });
    standIn.#begin(() => standIn.#follow());
    return standIn;
  }

  /** What its readiness probe would say. */
  async setReady(namespace: string, name: string, ready: boolean): Promise<void> {
    await this.#api.patch(
      statusPath(namespace, name),
      { status: { conditions: readyConditions(ready) } },
      "strategic-merge",
    );
  }

  /** From now on Pods whose end is asked for stay, serving and terminating, as during a long grace period. */
  holdEnds(): void {
    this.#holdsEnds = true;
  }

  releaseEnds(): void {
    this.#holdsEnds = false;
    for (const pod of this.#terminating.values()) this.#begin(() => this.#end(pod));
    this.#terminating.clear();
  }

  /** Ends what runs in the Pods; the Pods stay. Throws what went wrong on the way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    for (const uid of this.#placed.keys()) this.#forget(uid);
    while (this.#work.size > 0) await Promise.all(this.#work);
    if (this.#failures.length > 0)
      throw new AggregateError(this.#failures, "the stand-in for kubelet and scheduler failed");
  }

  #follow(): Promise<void> {
    const follower = {
      list: (pods: readonly V1Pod[]) => {
        const there = new Set(pods.map(uidOf));
        for (const uid of this.#placed.keys()) if (!there.has(uid)) this.#forget(uid);
        for (const pod of pods) this.#see(pod);
      },
      put: (pod: V1Pod) => this.#see(pod),
      gone: (pod: V1Pod) => this.#forget(uidOf(pod)),
    };
    return follow<V1Pod>(this.#api, "/api/v1/pods", follower, this.#stop.signal);
  }

  #see(pod: V1Pod): void {
    const uid = uidOf(pod);
    if (pod.metadata?.deletionTimestamp !== undefined) {
      if (this.#holdsEnds) this.#terminating.set(uid, pod);
      else this.#begin(() => this.#end(pod));
    } else if (!this.#placed.has(uid)) {
      const ip = pod.status?.podIP ?? this.#freeAddress();
      const running = this.#options.run?.(placedPod(pod, ip), pod) ?? Promise.resolve(undefined);
      this.#placed.set(uid, { ip, running });
      this.#begin(() => this.#place(pod, ip, running));
    }
  }

  async #place(pod: V1Pod, ip: string, running: Promise<unknown>): Promise<void> {
    const { namespace, name } = placedPod(pod, ip);
    await running;
    const target = { apiVersion: "v1", kind: "Node", name: NODE };
    const binding = { apiVersion: "v1", kind: "Binding", metadata: { name }, target };
    // It is bound already when an answer was lost in an outage.
    await this.#insist(() => this.#api.create(`${podPath(namespace, name)}/binding`, binding), [404, 409]);
    const status = { phase: "Running", podIP: ip, podIPs: [{ ip }], conditions: readyConditions(true) };
    await this.#insist(() => this.#api.patch(statusPath(namespace, name), { status }, "strategic-merge"), [404]);
  }

  async #end(pod: V1Pod): Promise<void> {
    const { namespace, name } = placedPod(pod, "");
    const options = { gracePeriodSeconds: 0, preconditions: { uid: uidOf(pod) } };
    await (await this.#placed.get(uidOf(pod))?.running)?.end?.();
    await this.#insist(() => this.#api.delete(podPath(namespace, name), options), [404, 409]);
  }

  #forget(uid: string): void {
    const placed = this.#placed.get(uid);
    this.#placed.delete(uid);
    this.#terminating.delete(uid);
    if (placed !== undefined) this.#begin(async () => (await placed.running)?.[Symbol.asyncDispose]());
  }

  /** Again until it succeeds, is answered with one of the codes that are as good, or everything ends. */
  async #insist(call: () => Promise<unknown>, enough: readonly number[]): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        await call();
        return;
      } catch (error) {
        if (error instanceof ApiError && enough.includes(error.code)) return;
        if (error instanceof ApiError && error.code < 500 && error.code !== 429) throw error;
      }
      await delay(RETRY_MS, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }

  #begin(work: () => Promise<unknown>): void {
    const done: Promise<void> = work()
      .then(() => undefined)
      .catch((error: unknown) => void this.#failures.push(error))
      .finally(() => this.#work.delete(done));
    this.#work.add(done);
  }

  /** Not the one that was freed last, as a cluster does it too. */
  #freeAddress(): string {
    const { prefix = "10.88.0" } = this.#options;
    const taken = new Set([...this.#placed.values()].map(({ ip }) => ip));
    for (let tries = 0; tries < 253; tries++) {
      this.#lastNumber = this.#lastNumber === 254 ? 2 : this.#lastNumber + 1;
      const ip = `${prefix}.${this.#lastNumber}`;
      if (!taken.has(ip)) return ip;
    }
    throw new Error(`no address of ${prefix}.0/24 is left: a stand-in has at most 253 Pods`);
  }
}

function placedPod({ metadata }: V1Pod, ip: string): PlacedPod {
  const { namespace = "", name = "", labels = {} } = metadata ?? {};
  return { namespace, name, ip, labels };
}

function readyConditions(ready: boolean) {
  const lastTransitionTime = new Date().toISOString();
  const status = ready ? "True" : "False";
  return ["ContainersReady", "Ready"].map((type) => ({ type, status, lastTransitionTime }));
}

const uidOf = ({ metadata }: V1Pod): string => metadata?.uid ?? "";
const podPath = (namespace: string, name: string): string => `/api/v1/namespaces/${namespace}/pods/${name}`;
const statusPath = (namespace: string, name: string): string => `${podPath(namespace, name)}/status`;
