import type { RequestHandler } from "express";
import { unreachable } from "#lib/unreachable.ts";
import { type Need, needOf } from "./access-rules.ts";
import { NotAllowed } from "./api-problem.ts";
import type { SignedIn } from "./auth/authenticator.ts";
import { roleOf } from "./auth/principal.ts";
import { signedInOf } from "./routes/request-principal.ts";

/** Lets a request on that its sender may make: by the table of rules, before any route sees it. */
export const checkAccess: RequestHandler = (request, _response, next) => {
  const lacking = lackingFor(needOf(request.method, request.path), signedInOf(request));
  if (lacking !== undefined) throw new NotAllowed(lacking);
  next();
};

/** What is missing, in words; undefined: nothing. */
function lackingFor(need: Need, { type, principal }: SignedIn): string | undefined {
  switch (need) {
    case "nothing":
    case "signedIn":
      return undefined;
    case "operator":
      return roleOf(principal) === "viewer" ? "a viewer changes nothing" : undefined;
    case "allNamespaces":
      return principal.namespaces === "all" ? undefined : "this does not keep namespaces apart, and you see some only";
    case "operatorOfAll":
      return principal.operates === "all" ? undefined : "this is for operators of all namespaces";
    case "admin":
      return principal.admin ? undefined : "this is for admins";
    case "token":
      return type === "token" ? undefined : "this is done with the token of the state directory only";
    default:
      return unreachable(need);
  }
}
