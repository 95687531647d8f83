import { compareText } from "#lib/compare.ts";
import type { EndpointSlice } from "#resources/endpoint-slice.ts";
import type { Service } from "#resources/service.ts";
import type { DiscoveryCache, Remembered } from "../cache.ts";
import { discoveredKey, type DiscoveredService } from "../discovered.ts";
import { labelValue } from "../names.ts";
import type { HomeModel, HomeObject } from "./home-model.ts";
import { rememberedService, rememberedStaleSince } from "./remembered.ts";

export interface HomeMemoryOptions {
  /** Whether it has to be remembered that the backend was removed: the configuration goes on naming it. */
  readonly isMarked: (backend: string) => boolean;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * What is remembered of backends where the home is a cluster: what stands in it. So a control plane that has never seen the
 * platform goes on with what another one found there, and lets nothing vanish in a mass. Asked only once the home has been read.
 */
export class HomeMemory implements DiscoveryCache {
  readonly #model: Pick<HomeModel, "discovered" | "at">;
  readonly #marks: DiscoveryCache;
  readonly #options: HomeMemoryOptions;

  /** @param marks where it is remembered on this machine that somebody removed a backend */
  constructor(model: Pick<HomeModel, "discovered" | "at">, marks: DiscoveryCache, options: HomeMemoryOptions) {
    this.#model = model;
    this.#marks = marks;
    this.#options = options;
  }

  load(backend: string): Remembered {
    const services: DiscoveredService[] = [];
    let staleSince: number | undefined;
    for (const home of this.#model.discovered()) {
      const objects = this.#model.at(home).filter((object) => object.backend === labelValue(backend));
      for (const { service, key } of objects.flatMap(serviceOf)) {
        const slices = objects.filter((object) => object.key === key).flatMap(sliceOf);
        services.push(rememberedService(key, service, slices));
        staleSince ??= rememberedStaleSince(service);
      }
    }
    services.sort((a, b) => compareText(discoveredKey(a), discoveredKey(b)));
    // What does not say that it is stale was in step until somebody stopped, which was not long ago.
    const syncedAt = services.length === 0 ? undefined : (staleSince ?? this.#options.now());
    const isRemoved = this.#options.isMarked(backend) && this.#marks.load(backend).isRemoved;
    return { services, syncedAt, isRemoved };
  }

  /** The placer saves. */
  save(): void {}

  inStep(): void {}

  markRemoved(backend: string, isRemoved: boolean): void {
    if (this.#options.isMarked(backend)) this.#marks.markRemoved(backend, isRemoved);
  }

  keepOnly(backends: readonly string[]): readonly string[] {
    return this.#marks.keepOnly(backends);
  }

  close(): void {
    this.#marks.close();
  }
}

function serviceOf({ object, key }: HomeObject): readonly { service: Service; key: NonNullable<HomeObject["key"]> }[] {
  return object?.kind === "Service" && key !== undefined ? [{ service: object, key }] : [];
}

function sliceOf({ object }: HomeObject): readonly EndpointSlice[] {
  return object?.kind === "EndpointSlice" ? [object] : [];
}
