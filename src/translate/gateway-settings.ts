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
  /**
   * Names what must not change while connections are made through it: another address or protocol is another gateway, beside this one until
   * nothing goes through this any more. No part of a path.
   */
  readonly version: string;
  /** Path of the Unix socket, for this version alone, at which Envoy takes what goes through it. */
  readonly socket: string;
}
