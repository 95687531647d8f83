/** What the upstreams of a backend are reached through, because the appliance cannot reach them itself. */
export interface GatewaySettings {
  /** A name, which is looked up here, or an IP address. */
  readonly host: string;
  readonly port: number;
  /** `http1`: any proxy that knows CONNECT. `http2`: an Envoy, where many tunnels share a connection. */
  readonly protocol: "http1" | "http2";
  /** Undefined: what is not encrypted in the tunnel is not encrypted on the way to the gateway. */
  readonly tls?: {
    /** PEM. */
    readonly authorities: string;
    readonly serverName: string;
    /** PEM; the key is a secret. */
    readonly client?: { readonly chain: string; readonly privateKey: string };
  };
  /** Path of the Unix socket at which Envoy takes what goes through it. */
  readonly socket: string;
}
