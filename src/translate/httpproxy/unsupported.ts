import type { ProxyVirtualHost } from "#resources/httpproxy.ts";
import type { HttpProxy } from "#resources/httpproxy.ts";
import type { StoredObject } from "#store/store.ts";
import type { ProxyProblem, ProxyProblems } from "./proxy-problems.ts";

/**
 * Tells of what a root asks for and this version does not do. Returns whether the host has to be closed because of it: what
 * protects a host must not be left out in silence.
 */
export function hasUnsupportedProtection(
  { ref, object }: StoredObject<HttpProxy>,
  virtualhost: ProxyVirtualHost,
  problems: ProxyProblems,
): boolean {
  const found: ProxyProblem[] = [];
  const closed = (type: ProxyProblem["type"], reason: string, path: string, what: string): void => {
    const message = `${what} is not done by this version, so every route of the host answers 503`;
    found.push({ type, reason, path, message, fix: "remove it where the host may be open" });
  };
  const { tls, jwtProviders } = virtualhost;
  if (jwtProviders.length > 0)
    closed("JWTVerificationError", "JWTVerificationNotPermitted", "spec.virtualhost.jwtProviders", "JWT verification");
  if (tls?.passthrough === true)
    closed("TLSError", "TLSConfigNotValid", "spec.virtualhost.tls.passthrough", "TLS passthrough");
  if (object.spec.tcpproxy !== undefined) closed("TCPProxyError", "NothingDefined", "spec.tcpproxy", "proxying of TCP");
  for (const problem of found) problems.error(ref, problem);
  return found.length > 0;
}
