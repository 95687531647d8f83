import type { HttpProxy, ProxyVirtualHost } from "#resources/httpproxy.ts";
import type { StoredObject } from "#store/store.ts";
import type { ProxyProblem, ProxyProblems } from "./proxy-problems.ts";

/**
 * Tells of what a root asks for and this version does not do. Returns whether the host has to be closed because of it: what
 * protects a host must not be left out in silence.
 */
export function hasUnsupportedProtection(
  { ref }: StoredObject<HttpProxy>,
  virtualhost: ProxyVirtualHost,
  problems: ProxyProblems,
): boolean {
  const found: ProxyProblem[] = [];
  const closed = (type: ProxyProblem["type"], reason: string, path: string, what: string): void => {
    const message = `${what} is not done by this version, so every route of the host answers 503`;
    found.push({ type, reason, path, message, fix: "remove it where the host may be open" });
  };
  const { jwtProviders } = virtualhost;
  if (jwtProviders.length > 0)
    closed("JWTVerificationError", "JWTVerificationNotPermitted", "spec.virtualhost.jwtProviders", "JWT verification");
  for (const problem of found) problems.error(ref, problem);
  return found.length > 0;
}
