import type { IncomingHttpHeaders } from "node:http";
import { unreachable } from "#lib/unreachable.ts";
import type { ClusterUsers } from "./cluster-users.ts";
import type { Known } from "./known.ts";
import { PasswordChecks } from "./password-checks.ts";
import { isSamePrincipal, type Principal, principalOfRole } from "./principal.ts";
import { isSameSecret } from "./same-secret.ts";
import type { Sessions } from "./sessions.ts";
import type { Users } from "./users.ts";

export type Authentication =
  | (Known & { readonly type: "token" })
  | (Known & { readonly type: "session"; readonly sessionId: string })
  /** A user's own credentials, sent with the request. */
  | (Known & { readonly type: "user" })
  /** Nothing was offered, or a session that is over. */
  | { readonly type: "none" }
  | { readonly type: "wrong" };

export type SignedIn = Extract<Authentication, Known>;

/** What a person writes into the sign-in page. */
export type Offered = { readonly token: string } | { readonly name: string; readonly password: string };

export interface AuthenticatorOptions {
  /** The state directory's. */
  readonly token: string;
  readonly users: Users;
  /** Where the objects' home is a cluster: its users. */
  readonly cluster?: ClusterUsers | undefined;
  readonly sessions: Sessions;
  /** The session cookie's name. */
  readonly cookie: string;
  readonly now: () => number;
}

/** Whoever has the state directory's token runs the appliance. */
export const OPERATOR: Principal = principalOfRole("operator", "admin", "all");

/**
 * `__Host-` (RFC 6265bis §4.1.3.2) keeps other hosts from planting a cookie, but browsers take it over TLS only.
 */
export function cookieName(secure: boolean): string {
  return secure ? "__Host-binnacle_session" : "binnacle_session";
}

export function isSignedIn(authentication: Authentication): authentication is SignedIn {
  return "principal" in authentication;
}

/** Finds out who asks, by what they send, and whether those who came in may stay. */
export class Authenticator {
  readonly #options: AuthenticatorOptions;
  readonly #passwords: PasswordChecks;

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
    this.#passwords = new PasswordChecks(options.now);
  }

  /**
   * Who a request's headers speak for: `Authorization` first, else the session cookie. Never the URL.
   *
   * @param admit called before what costs more than a look-up; throws when the one who asks has to wait
   */
  async identify({ authorization, cookie }: IncomingHttpHeaders, admit: () => void): Promise<Authentication> {
    if (authorization === undefined) return this.#bySession(cookieValue(cookie, this.#options.cookie));
    const offered = offeredBy(authorization);
    const known = offered === undefined ? undefined : await this.check(offered, admit);
    if (known === undefined) return { type: "wrong" };
    return { type: known.grounds.type === "token" ? "token" : "user", ...known };
  }

  /** Whose credentials these are; undefined: nobody's. */
  async check(offered: Offered, admit: () => void): Promise<Known | undefined> {
    const { token, users, cluster } = this.#options;
    if ("token" in offered) {
      if (isSameSecret(offered.token, token)) return { principal: OPERATOR, grounds: { type: "token" } };
      const known = users.ofToken(offered.token);
      if (known !== undefined || cluster === undefined) return known;
      const principal = await cluster.ofToken(offered.token, admit);
      return principal && { principal, grounds: { type: "cluster", token: offered.token } };
    }
    if (users.isEmpty) return undefined;
    const expected = users.passwordOf(offered.name);
    const isRight = await this.#passwords.isRight({ ...offered, expected, admit });
    return isRight && expected !== undefined ? users.ofPassword(offered.name, expected.text) : undefined;
  }

  /** Who they are now; undefined when what they came in with is over. Throws 503 when that cannot be asked. */
  async current(signedIn: SignedIn): Promise<Principal | undefined> {
    if (signedIn.type !== "session") return this.#standing(signedIn);
    const found = await this.#bySession(signedIn.sessionId);
    return isSignedIn(found) ? found.principal : undefined;
  }

  /** Whether they still are who they were, with the same rights. */
  async mayStay(signedIn: SignedIn): Promise<boolean> {
    const principal = await this.current(signedIn);
    return principal !== undefined && isSamePrincipal(principal, signedIn.principal);
  }

  async #bySession(sessionId: string | undefined): Promise<Authentication> {
    const known = sessionId === undefined ? undefined : await this.#options.sessions.find(sessionId);
    if (sessionId === undefined || known === undefined) return { type: "none" };
    const principal = await this.#standing(known);
    return principal === undefined ? { type: "none" } : { ...known, type: "session", principal, sessionId };
  }

  async #standing({ principal, grounds }: Known): Promise<Principal | undefined> {
    switch (grounds.type) {
      case "token":
        return principal;
      case "user":
        return this.#options.users.standing(grounds);
      case "cluster":
        return this.#options.cluster?.ofToken(grounds.token, () => {});
      default:
        return unreachable(grounds);
    }
  }
}

/** What an Authorization header offers: `Bearer` (RFC 6750 §2.1) or `Basic` (RFC 7617, in UTF-8). */
function offeredBy(authorization: string): Offered | undefined {
  const [, scheme = "", value = ""] = /^(Bearer|Basic) +(\S+)$/i.exec(authorization) ?? [];
  if (scheme.toLowerCase() === "bearer") return { token: value };
  if (scheme === "") return undefined;
  const [, name, password] = /^([^:]*):(.*)$/s.exec(Buffer.from(value, "base64").toString("utf8")) ?? [];
  return name === undefined || password === undefined ? undefined : { name, password };
}

function cookieValue(header: string | undefined, name: string): string | undefined {
  for (const pair of (header ?? "").split(";")) {
    const at = pair.indexOf("=");
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return undefined;
}
