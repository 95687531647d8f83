import { ApiVersion } from "#proto/envoy/config/core/v3/config_source.ts";
import { ConfigSource } from "#proto/envoy/config/core/v3/config_source.ts";

/** "From the same stream": all that is configured refers to the rest this way. */
export const ADS: ConfigSource = ConfigSource.fromPartial({
  configSourceSpecifier: { $case: "ads", value: {} },
  resourceApiVersion: ApiVersion.V3,
});
