import type { Config } from "#config/config.ts";
import { connectableHost } from "#lib/connectable-host.ts";

/**
 * Where a browser finds the API, for links in messages and on the terminal. On loopback by a name of its own, because cookies do
 * not tell ports apart: who is signed in at 127.0.0.1 would send the session to every upstream that is served there. Browsers
 * know *.localhost (RFC 6761 §6.3). Where it listens on all addresses, by the first name that it may be called by.
 */
export function publicUrlOf({
  api,
}: {
  readonly api: Pick<Config["api"], "address" | "port" | "tls" | "allowedHosts">;
}) {
  const scheme = api.tls === undefined ? "http" : "https";
  const host = hostOf(api);
  return `${scheme}://${/:\d+$/.test(host) ? host : `${host}:${api.port}`}`;
}

function hostOf({ address, allowedHosts }: Pick<Config["api"], "address" | "allowedHosts">): string {
  if (address === "127.0.0.1" || address === "::1") return "binnacle.localhost";
  const named = address === "0.0.0.0" || address === "::" ? allowedHosts[0] : undefined;
  return named ?? connectableHost(address);
}
