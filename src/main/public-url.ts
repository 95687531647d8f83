import type { Config } from "#config/config.ts";

/**
 * Where a browser finds the API. On loopback by a name of its own, because cookies do not tell ports apart: who is signed in
 * at 127.0.0.1 would send the session to every upstream that is served there. Browsers know *.localhost (RFC 6761 §6.3).
 */
export function publicUrlOf({ api }: Config): string {
  const host = api.address === "127.0.0.1" || api.address === "::1" ? "binnacle.localhost" : api.address;
  const authority = host.includes(":") ? `[${host}]` : host;
  return `${api.tls === undefined ? "http" : "https"}://${authority}:${api.port}`;
}
