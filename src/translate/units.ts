import { buildExtension } from "./build-extension.ts";
import { gatewayBuilder } from "./gateway.ts";
import { hostBuilder } from "./host.ts";
import { partBuilder } from "./httpproxy/part.ts";
import {
  EXTENSIONS,
  INGRESS_BY_HOST,
  INGRESSROUTE_BY_FQDN,
  INGRESSROUTE_PARTS,
  PROXY_BY_FQDN,
  PROXY_PARTS,
} from "./indexes.ts";
import { listenerBuilder, tablesBuilder } from "./listener.ts";
import type { TranslateSettings } from "./settings.ts";
import type { TranslatorOptions } from "./translator.ts";
import { unitId } from "./unit.ts";
import { upstreamBuilder } from "./upstream.ts";

/** Every kind of unit with its builder, and what makes units stand: the configuration, and entries of indexes. */
export function translationUnits(
  settings: TranslateSettings,
): Pick<TranslatorOptions, "builders" | "roots" | "rootIndexes"> {
  return {
    builders: {
      host: hostBuilder(settings),
      part: partBuilder(settings),
      extension: buildExtension,
      upstream: upstreamBuilder(settings),
      gateway: gatewayBuilder(settings),
      listener: listenerBuilder(settings),
      tables: tablesBuilder(settings),
    },
    roots: [unitId("tables", ""), ...settings.listeners.map(({ name }) => unitId("listener", name))],
    rootIndexes: {
      [INGRESS_BY_HOST]: "host",
      [PROXY_BY_FQDN]: "host",
      [INGRESSROUTE_BY_FQDN]: "host",
      [PROXY_PARTS]: "part",
      [INGRESSROUTE_PARTS]: "part",
      [EXTENSIONS]: "extension",
    },
  };
}
