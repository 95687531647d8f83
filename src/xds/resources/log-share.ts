import { AccessLogFilter } from "#proto/envoy/config/accesslog/v3/accesslog.ts";
import { packStruct } from "./any.ts";

/** The key of metadata for what is ours, of routes and virtual hosts. */
export const METADATA_KEY = "binnacle";
/** In a route's metadata under {@link METADATA_KEY}: requests whose id sorts before it are logged singly. Without it all are. */
const BEFORE = "logged_before";

/**
 * Of a route whose ordinary requests are not all logged singly: its metadata. Envoy gives each request that comes in an id of
 * its own (a random UUID in lower case, whatever the client sent), so that such a part of them sorts before the text here.
 *
 * @param share from 0 to 1
 */
export function logShareMetadata(share: number): Readonly<Record<string, string>> {
  const before =
    share <= 0
      ? ""
      : Math.min(2 ** 32 - 1, Math.round(share * 2 ** 32))
          .toString(16)
          .padStart(8, "0");
  return { [BEFORE]: before };
}

/**
 * Whether a request is among those that its route has logged singly. An expression (CEL), because Envoy has no filter of its own
 * that knows a route; it costs a request that is asked about some microseconds, and so is asked last.
 */
export function withinLogShare(): AccessLogFilter {
  return AccessLogFilter.fromPartial({
    filterSpecifier: {
      $case: "extensionFilter",
      value: {
        name: "envoy.access_loggers.extension_filters.cel",
        configType: {
          $case: "typedConfig",
          value: packStruct("envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter", { expression: WITHIN }),
        },
      },
    },
  });
}

const METADATA = "xds.route_metadata.filter_metadata";
const WITHIN =
  `!(has(xds.route_metadata) && '${METADATA_KEY}' in ${METADATA}) || ` +
  `request.id < ${METADATA}['${METADATA_KEY}']['${BEFORE}']`;
