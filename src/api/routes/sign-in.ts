import { type RequestHandler, type Response, Router, urlencoded } from "express";
import { z } from "zod";
import type { Logger } from "#lib/log.ts";
import { ApiProblem } from "../api-problem.ts";
import type { Authenticator, Offered } from "../auth/authenticator.ts";
import type { Known } from "../auth/known.ts";
import type { OneTimeCodes } from "../auth/one-time-codes.ts";
import type { Sessions } from "../auth/sessions.ts";
import type { Users } from "../auth/users.ts";
import type { Gate } from "../gate.ts";
import { SIGN_IN_POLICY, signInPage } from "../sign-in-page.ts";
import { authenticationOf } from "./request-principal.ts";

export interface SignInOptions {
  readonly gate: Gate;
  readonly authenticator: Authenticator;
  readonly sessions: Sessions;
  readonly users: Users;
  /** Tokens of the home cluster let in. */
  readonly hasCluster: boolean;
  readonly codes: OneTimeCodes;
  /** The session cookie's name. */
  readonly cookie: string;
  readonly secure: boolean;
  readonly log: Logger;
  /** A session was ended: what else it holds open ends too. */
  readonly onSignOut: (sessionId: string) => void;
}

const formSchema = z.union([
  z.object({ name: z.string().max(200), password: z.string().max(1000) }),
  z.object({ token: z.string() }),
]);

/** Signing in by a one-time link or by hand, and out again. */
export function signInRoutes(options: SignInOptions): RequestHandler {
  const { gate, authenticator, sessions, users, hasCluster, codes, cookie, secure, log, onSignOut } = options;
  const router = Router();

  async function enter(response: Response, known: Known, way: string): Promise<void> {
    const id = await sessions.begin(known);
    log.info("signed in", { user: known.principal.name, way });
    response.cookie(cookie, id, {
      httpOnly: true,
      sameSite: "strict",
      secure,
      path: "/",
      maxAge: sessions.lifetime,
    });
    response.redirect(303, "/");
  }

  function showPage(response: Response, status: number, problem?: string): void {
    response.status(status).set("Content-Security-Policy", SIGN_IN_POLICY);
    // With no-referrer a browser says "Origin: null" on this page's own form (Fetch, "append a request Origin header").
    response.set("Referrer-Policy", "same-origin").type("html");
    response.send(signInPage({ users: !users.isEmpty, cluster: hasCluster, problem }));
  }

  router.get("/sign-in", async (request, response) => {
    const { code } = request.query;
    if (code === undefined) return showPage(response, 200);
    // A preview that only asks for the headers does not use the link up.
    const principal = typeof code === "string" && request.method === "GET" ? codes.redeem(code) : undefined;
    if (principal !== undefined) return enter(response, { principal, grounds: { type: "token" } }, "link");
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
    const offered = form.success ? offeredIn(form.data) : undefined;
    const isToken = offered !== undefined && "token" in offered;
    try {
      const known = offered && (await authenticator.check(offered, () => gate.admit(request)));
      if (known !== undefined) return await enter(response, known, isToken ? "token" : "password");
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error;
      return showPage(response, error.status, `${error.title}: ${error.fix}.`);
    }
    gate.noteFailure(request);
    return showPage(response, 401, isToken ? "That is no token that lets in." : "Name or password is wrong.");
  });

  router.post("/sign-out", async (request, response) => {
    const authentication = authenticationOf(request);
    if (authentication.type !== "session") {
      throw new ApiProblem(400, "Not signed in here", "the request has no session", "nothing is to be done");
    }
    await sessions.end(authentication.sessionId);
    onSignOut(authentication.sessionId);
    response.clearCookie(cookie, { httpOnly: true, sameSite: "strict", secure, path: "/" });
    response.set("Clear-Site-Data", `"cache", "storage"`).status(204).end();
  });

  return router;
}

/** A token is pasted, with what the selection took along. */
function offeredIn(form: z.infer<typeof formSchema>): Offered {
  return "token" in form ? { token: form.token.trim() } : form;
}
