import type { Logger } from "#lib/log.ts";
import type { TrafficShares } from "#xds/resources/runtime.ts";
import type { RemoteServiceSettings } from "./remote-service.ts";
import type { TrafficSettings } from "./traffic-settings.ts";

export interface TrafficOptions {
  /** The Unix socket of the access-log service, where Envoy's cluster `binnacle_access_log` looks for it. */
  readonly accessLogSocket: string;
  /** Where Envoys on other machines send what the local one is asked for; undefined: none may. */
  readonly remote?: RemoteServiceSettings | undefined;
  readonly settings: TrafficSettings;
  readonly log: Logger;
  /** What Envoy has to be told by RTDS (xds/resources/runtime.ts): at the start, and when it changes. */
  onShares(shares: TrafficShares): void;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}
