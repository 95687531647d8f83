import type { IncomingHttpHeaders } from "node:http";
import type { Principal } from "./principal.ts";
import { isSameSecret } from "./same-secret.ts";
import type { Sessions } from "./sessions.ts";

export type Authentication =
  | { readonly type: "token"; readonly principal: Principal }
  | { readonly type: "session"; readonly principal: Principal; readonly sessionId: string }
  /** Nothing was offered, or a session that is over. */
  | { readonly type: "none" }
  | { readonly type: "wrong" };

export type SignedIn = Extract<Authentication, { readonly principal: unknown }>;

export interface Credentials {
  readonly token: string;
  /** Who the token stands for. */
  readonly operator: Principal;
  readonly sessions: Sessions;
  /** The session cookie's name. */
  readonly cookie: string;
}

/**
 * `__Host-` (RFC 6265bis §4.1.3.2) keeps other hosts from planting a cookie, but browsers take it over TLS only.
 */
export function cookieName(secure: boolean): string {
  return secure ? "__Host-binnacle_session" : "binnacle_session";
}

/** Who a request's headers speak for: `Authorization: Bearer` first, else the session cookie. Never the URL. */
export async function authenticate(headers: IncomingHttpHeaders, credentials: Credentials): Promise<Authentication> {
  const { authorization } = headers;
  if (authorization !== undefined) {
    const bearer = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
    const isRight = isSameSecret(bearer ?? "", credentials.token);
    return isRight ? { type: "token", principal: credentials.operator } : { type: "wrong" };
  }
  const sessionId = cookieValue(headers.cookie, credentials.cookie);
  if (sessionId === undefined) return { type: "none" };
  const principal = await credentials.sessions.find(sessionId);
  return principal === undefined ? { type: "none" } : { type: "session", principal, sessionId };
}

function cookieValue(header: string | undefined, name: string): string | undefined {
  for (const pair of (header ?? "").split(";")) {
    const at = pair.indexOf("=");
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return undefined;
}
