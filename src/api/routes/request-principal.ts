import type { Request } from "express";
import { notSignedIn } from "../api-problem.ts";
import { type Authentication, isSignedIn, type SignedIn } from "../auth/authenticator.ts";
import type { Principal } from "../auth/principal.ts";

const authentications = new WeakMap<Request, Authentication>();

/** Notes who a request was found to come from. */
export function setAuthentication(request: Request, authentication: Authentication): void {
  authentications.set(request, authentication);
}

export function authenticationOf(request: Request): Authentication {
  return authentications.get(request) ?? { type: "none" };
}

/** Throws 401 when nobody is signed in: a route that forgot its guard answers nothing. */
export function signedInOf(request: Request): SignedIn {
  const authentication = authenticationOf(request);
  if (isSignedIn(authentication)) return authentication;
  throw notSignedIn();
}

/** Throws 401 as {@link signedInOf} does. */
export function principalOf(request: Request): Principal {
  return signedInOf(request).principal;
}
