import { bytesHash } from "#lib/canonical.ts";
import { packBytes } from "#lib/packed-bytes.ts";
import { Runtime } from "#proto/envoy/service/runtime/v3/rtds.ts";
import type { XdsResource } from "../resource.ts";

/** The name of the runtime layer that the bootstrap asks for. */
export const RUNTIME_LAYER = "binnacle";

/** RTDS: values that Envoy looks up while it works, so that a change of one touches no listener. Keys are runtime keys. */
export function runtimeLayer(values: Readonly<Record<string, unknown>>): XdsResource {
  const bytes = Runtime.encode({ name: RUNTIME_LAYER, layer: values }).finish();
  return {
    type: "runtime",
    name: RUNTIME_LAYER,
    version: bytesHash(bytes),
    bytes: packBytes(bytes),
    clusters: [],
    sources: [],
  };
}
