import { AdminPoller, type EnvoySource, type PollerEvents, type PollerOptions } from "./admin-poller.ts";
import type { Marker } from "./messages.ts";
import type { TrafficStats } from "./traffic-stats.ts";

export interface LocalEnvoysOptions
  extends Pick<PollerEvents, "onCounters" | "onClusters">, Pick<PollerOptions, "log" | "diff" | "isWatched" | "now"> {
  /** Upstreams whose failing connections are asked for. */
  streamClusters(): readonly string[];
  /** It does not answer: it is not waited for. */
  onLost(envoy: string): void;
  say(severity: Marker["severity"], text: string): void;
}

/** The Envoys of this machine, whose administration is read. */
export class LocalEnvoys implements AsyncDisposable {
  readonly #options: LocalEnvoysOptions;
  readonly #pollers = new Map<string, AdminPoller>();

  constructor(options: LocalEnvoysOptions) {
    this.#options = options;
  }

  has(id: string): boolean {
    return this.#pollers.has(id);
  }

  /** Begins to read it. Throws when one of that id is read already. */
  add(source: EnvoySource): void {
    const options = this.#options;
    const { id } = source;
    if (this.#pollers.has(id)) throw new Error(`an Envoy with the id ${id} is already there`);
    let seen = false;
    const poller = new AdminPoller({
      ...options,
      source,
      onReachable: (reachable) => {
        if (!reachable) options.onLost(id);
        if (reachable && seen) options.say("info", `Envoy ${id} answers again`);
        if (!reachable && seen) options.say("error", `Envoy ${id} does not answer`);
        seen ||= reachable;
      },
      onRestart: () => options.say("warning", `Envoy ${id} was restarted`),
    });
    this.#pollers.set(id, poller);
  }

  async remove(id: string): Promise<void> {
    const poller = this.#pollers.get(id);
    this.#pollers.delete(id);
    await poller?.[Symbol.asyncDispose]();
  }

  /** In the order in which they were added; intervals between readings in milliseconds. */
  list(): readonly { id: string; reachable: boolean; interval: number }[] {
    return [...this.#pollers].map(([id, { reachable, interval }]) => ({ id, reachable, interval }));
  }

  /** What reading costs each: of its main thread's time, at the most. */
  get costs(): TrafficStats["pollCostRatio"] {
    return [...this.#pollers].map(([envoy, { cost }]) => ({ envoy, ratio: cost }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#pollers.values()].map((poller) => poller[Symbol.asyncDispose]()));
  }
}
