import { Router } from "#proto/envoy/extensions/filters/http/router/v3/router.ts";
import { HttpFilter } from "#proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.ts";
import { packAny } from "./any.ts";

/** The last filter of every connection manager. */
export const ROUTER = HttpFilter.fromPartial({
  name: "envoy.filters.http.router",
  configType: {
    $case: "typedConfig",
    value: packAny(
      "envoy.extensions.filters.http.router.v3.Router",
      Router,
      // Codes and durations of each upstream a second time, for 8,600 instructions a request of 158,000: the loggers of
      // access-log.ts count codes, and measure durations of a share.
      Router.fromPartial({ suppressEnvoyHeaders: true, dynamicStats: false }),
    ),
  },
});
