import { connectableHost } from "#lib/connectable-host.ts";

/** How this server may be called, so that a name which somebody else points at it is refused (DNS rebinding). */
export interface OwnHostsOptions {
  /** Served with TLS. */
  readonly secure: boolean;
  /** Served without TLS, and with it on the same port. */
  readonly alsoTls?: boolean;
  /** The port it listens on, and the address: as a name for it nobody can point it elsewhere. */
  readonly port: number;
  readonly address: string;
  /** Further names by setting, `console.example.com` or `console.example.com:8443`, for instance of a proxy in front. */
  readonly extra: readonly string[];
}

/** Names of this machine that nobody else can point elsewhere: addresses, and what RFC 6761 §6.3 keeps for loopback. */
export const LOCAL_NAMES = ["127.0.0.1", "[::1]", "localhost", "binnacle.localhost"];

export class OwnHosts {
  readonly #scheme: "http" | "https";
  readonly #alsoTls: boolean;
  readonly #local: ReadonlySet<string>;
  readonly #extra: ReadonlySet<string>;

  constructor({ secure, alsoTls = false, port, address, extra }: OwnHostsOptions) {
    this.#scheme = secure ? "https" : "http";
    this.#alsoTls = alsoTls;
    const names = [...LOCAL_NAMES, connectableHost(address)];
    this.#local = new Set(names.map((name) => withPort(name, port, this.#scheme)));
    this.#extra = new Set(
      extra.flatMap((name) => {
        const host = name.toLowerCase();
        return hasPort(host) ? [host] : [host, `${host}:${port}`];
      }),
    );
  }

  /** Whether a Host header (or `:authority`) names this server. */
  isOwnHost(header: string | undefined): boolean {
    if (header === undefined) return false;
    const host = header.toLowerCase();
    return this.#local.has(host) || this.#extra.has(host) || this.#local.has(withoutDefaultPort(host, this.#scheme));
  }

  /** Whether an Origin header (RFC 6454) is a page of this server. A further name may also stand behind somebody's TLS. */
  isOwnOrigin(origin: string): boolean {
    const match = /^(https?):\/\/([^/]+)$/.exec(origin.toLowerCase());
    const scheme = match?.[1];
    const host = match?.[2];
    if (scheme === undefined || host === undefined) return false;
    if ((scheme === this.#scheme || (this.#alsoTls && scheme === "https")) && this.#local.has(host)) return true;
    return (scheme === this.#scheme || scheme === "https") && this.#extra.has(host);
  }
}

function hasPort(host: string): boolean {
  return /:\d+$/.test(host);
}

/** Browsers leave the scheme's own port out. */
function withPort(name: string, port: number, scheme: "http" | "https"): string {
  return withoutDefaultPort(`${name}:${port}`, scheme);
}

function withoutDefaultPort(host: string, scheme: "http" | "https"): string {
  return host.replace(scheme === "http" ? /:80$/ : /:443$/, "");
}
