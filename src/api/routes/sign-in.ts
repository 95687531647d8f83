import { type RequestHandler, type Response, Router, urlencoded } from "express";
import { z } from "zod";
import { ApiProblem } from "../api-problem.ts";
import type { Credentials } from "../auth/authenticate.ts";
import type { OneTimeCodes } from "../auth/one-time-codes.ts";
import type { Principal } from "../auth/principal.ts";
import { isSameSecret } from "../auth/same-secret.ts";
import type { Gate } from "../gate.ts";
import { SIGN_IN_POLICY, signInPage } from "../sign-in-page.ts";
import { authenticationOf } from "./request-principal.ts";

export interface SignInOptions {
  readonly gate: Gate;
  readonly credentials: Credentials;
  readonly codes: OneTimeCodes;
  readonly secure: boolean;
  /** A session was ended: what else it holds open ends too. */
  readonly onSignOut: (sessionId: string) => void;
}

const formSchema = z.object({ token: z.string() });

/** Signing in by a one-time link or by hand, and out again. */
export function signInRoutes({ gate, credentials, codes, secure, onSignOut }: SignInOptions): RequestHandler {
  const router = Router();

  async function enter(response: Response, principal: Principal): Promise<void> {
    const id = await credentials.sessions.begin(principal);
    response.cookie(credentials.cookie, id, {
      httpOnly: true,
      sameSite: "strict",
      secure,
      path: "/",
      maxAge: credentials.sessions.lifetime,
    });
    response.redirect(303, "/");
  }

  router.get("/sign-in", async (request, response) => {
    const { code } = request.query;
    if (code === undefined) return showPage(response, 200);
    // A preview that only asks for the headers does not use the link up.
    const principal = typeof code === "string" && request.method === "GET" ? codes.redeem(code) : undefined;
    if (principal !== undefined) return enter(response, principal);
    // Somebody who opens the link again, signed in by it before, simply goes on.
    if (authenticationOf(request).type === "session") return response.redirect(303, "/");
    gate.noteFailure(request);
    return showPage(
      response,
      401,
      "This link was used before, or its time is over. Ask for a new one with binnacle sign-in.",
    );
  });

  router.post("/sign-in", urlencoded({ extended: false, limit: "4kb" }), async (request, response) => {
    const tooMany = gate.tooMany(request);
    if (tooMany !== undefined) return showPage(response, 429, `Too many failed attempts: ${tooMany.fix}.`);
    const form = formSchema.safeParse(request.body);
    if (form.success && isSameSecret(form.data.token.trim(), credentials.token)) {
      return enter(response, credentials.operator);
    }
    gate.noteFailure(request);
    return showPage(response, 401, "That is not the token.");
  });

  router.post("/sign-out", async (request, response) => {
    const authentication = authenticationOf(request);
    if (authentication.type !== "session") {
      throw new ApiProblem(400, "Not signed in here", "the request has no session", "nothing is to be done");
    }
    await credentials.sessions.end(authentication.sessionId);
    onSignOut(authentication.sessionId);
    response.clearCookie(credentials.cookie, { httpOnly: true, sameSite: "strict", secure, path: "/" });
    response.set("Clear-Site-Data", `"cache", "storage"`).status(204).end();
  });

  return router;
}

function showPage(response: Response, status: number, problem?: string): void {
  response.status(status).set("Content-Security-Policy", SIGN_IN_POLICY);
  // With no-referrer a browser says "Origin: null" on this page's own form (Fetch, "append a request Origin header").
  response.set("Referrer-Policy", "same-origin").type("html").send(signInPage(problem));
}
