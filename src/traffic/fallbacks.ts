import type { EndpointBoard } from "./endpoint-board.ts";
import type { RawRow } from "./raw-row.ts";
import type { Upstream } from "./table-rows.ts";

/** Which upstream had a request: the cluster's own, or one that takes over from it or shares in it. */
export class Fallbacks {
  /** Cluster → endpoint's address, of those that are not the cluster's own, as they were made for Envoys. */
  readonly made = new Map<string, ReadonlyMap<string, Upstream>>();
  readonly #board: Pick<EndpointBoard, "fallbackOf">;

  constructor(board: Pick<EndpointBoard, "fallbackOf">) {
    this.#board = board;
  }

  /**
   * Undefined: the cluster's own, or not known. As an Envoy that can be asked has it, or, where none such uses the cluster, as it
   * was made.
   */
  of({ cluster, endpoint }: Pick<RawRow, "cluster" | "endpoint">): Upstream | undefined {
    if (endpoint === undefined) return undefined;
    return this.#board.fallbackOf(cluster, endpoint) ?? this.made.get(cluster)?.get(endpoint);
  }
}
