import { ACCESS_LOG_CLUSTER } from "#xds/resources/access-log.ts";

/**
 * A page of Envoy's admin interface that costs its main thread a quarter of a millisecond at any size: when it read the
 * cluster of its bootstrap that every appliance's Envoy has. `/server_info`, which gives an age, costs 4 ms, nearly all of it
 * for the names of extensions: asked for every second that was 1 % of what Envoy spends on 4,000 requests.
 */
export const PROCESS_PAGE = `/config_dump?resource=static_clusters&name_regex=${ACCESS_LOG_CLUSTER}&mask=last_updated`;

/** Tells one process of Envoy's from the next by its {@link PROCESS_PAGE}, the time of which is of the process's own start. */
export class ProcessStart {
  #began: string | undefined;

  /** Whether the page is another process's than the one before; false for the first. Throws when it has no time in it. */
  isAnother(page: Uint8Array): boolean {
    const began = /"last_updated": *"([^"]+)"/.exec(Buffer.from(page).toString("latin1"))?.[1];
    if (began === undefined) throw new Error("Envoy's /config_dump does not say when it read its bootstrap");
    const before = this.#began;
    this.#began = began;
    return before !== undefined && before !== began;
  }
}
