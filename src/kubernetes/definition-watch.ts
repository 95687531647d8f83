import { Backoff, type BackoffLimits } from "#lib/backoff.ts";
import type { KubeClient } from "./client.ts";
import { type Clock, pause, systemClock } from "./clock.ts";
import { isAborted, isNotFound, KubeError } from "./kube-error.ts";
import { resourceName, type ResourceType } from "./resource-type.ts";
import { CUSTOM_RESOURCE_DEFINITIONS } from "./resource-types.ts";

export interface DefinitionWatchOptions {
  readonly client: KubeClient;
  /** A custom one. */
  readonly type: ResourceType;
  readonly backoff?: BackoffLimits;
  readonly clock?: Clock;
  /** From 0 to 1, for the jitter. */
  readonly random?: () => number;
}

const BACKOFF: BackoffLimits = { least: 250, most: 30_000 };
/** A watch that lasted this long was one, in milliseconds. */
const MIN_WATCH = 1000;

/** Waits for the definition of a custom resource that a server lacks, by one watch of that name: at rest nothing is asked. */
export class DefinitionWatch {
  readonly #options: DefinitionWatchOptions;
  readonly #clock: Clock;
  readonly #backoff: Backoff;
  /** From where on changes have not been told; undefined before the first look. */
  #version: string | undefined;

  constructor(options: DefinitionWatchOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#backoff = new Backoff(options.backoff ?? BACKOFF, options.random);
  }

  /**
   * Resolves to true when the definition is found, or was written since it was told last: it is in force some moments later. False
   * where it cannot be watched: the server is too old, or we may not. Also ends with the signal.
   */
  async written(signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      try {
        if (this.#version === undefined ? await this.#look(signal) : await this.#watch(this.#version, signal))
          return true;
      } catch (error) {
        if (signal.aborted || isAborted(error)) break;
        if (!(error instanceof KubeError)) throw error;
        if (isNotFound(error) || error.reason === "Forbidden") return false;
        // Too old, or what the server may say of that version for ever.
        if (error.code !== 0) this.#version = undefined;
        await pause(this.#clock, this.#backoff.next(error.retryAfter), signal);
      }
    }
    return false;
  }

  async #look(signal: AbortSignal): Promise<boolean> {
    const { client } = this.#options;
    const { items, resourceVersion } = await client.list(CUSTOM_RESOURCE_DEFINITIONS, { ...this.#selection(), signal });
    this.#version = resourceVersion;
    return items.length > 0;
  }

  async #watch(resourceVersion: string, signal: AbortSignal): Promise<boolean> {
    const { client } = this.#options;
    const started = this.#clock.monotonic();
    const options = { ...this.#selection(), resourceVersion, signal };
    for await (const { type, object } of client.watch(CUSTOM_RESOURCE_DEFINITIONS, options)) {
      this.#version = object.metadata.resourceVersion ?? this.#version;
      this.#backoff.reset();
      if (type === "ADDED" || type === "MODIFIED") return true;
    }
    // A server that ends watches as soon as they begin is not asked as fast as it answers.
    if (this.#clock.monotonic() - started < MIN_WATCH) await pause(this.#clock, this.#backoff.next(), signal);
    return false;
  }

  /** RBAC can give the right to a single name only if that is what is asked for. */
  #selection() {
    return { fieldSelector: `metadata.name=${resourceName(this.#options.type)}` };
  }
}
