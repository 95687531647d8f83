import type { DeltaDiscoveryRequest, DeltaDiscoveryResponse } from "#proto/envoy/service/discovery/v3/discovery.ts";

/**
 * What an Envoy has already when its stream begins. It may be newer than the archive, by what was on its way when the
 * control plane died: so it is neither replaced nor removed, unless Envoy asks for it again. One for each stream.
 */
export class BroughtAlong {
  /** Names by type URL. */
  readonly #names = new Map<string, Set<string>>();

  /** Takes notice of a request, before it is answered. */
  note({ typeUrl, initialResourceVersions, resourceNamesSubscribe }: DeltaDiscoveryRequest): void {
    // Only the first request for a type on a stream has versions, and it subscribes to what it brings along.
    const brought = Object.keys(initialResourceVersions);
    if (brought.length > 0) {
      this.#names.set(typeUrl, new Set(brought));
      return;
    }
    const names = this.#names.get(typeUrl);
    for (const name of resourceNamesSubscribe) names?.delete(name);
  }

  /** The response without what the client brought along. */
  withhold(response: DeltaDiscoveryResponse): DeltaDiscoveryResponse {
    const names = this.#names.get(response.typeUrl);
    if (names === undefined) return response;
    return {
      ...response,
      resources: response.resources.filter(({ name }) => !names.has(name)),
      removedResources: response.removedResources.filter((name) => !names.has(name)),
    };
  }
}
