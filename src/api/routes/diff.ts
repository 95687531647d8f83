import { json, type RequestHandler, Router } from "express";
import { z } from "zod";
import { pause } from "#lib/pause.ts";
import { Slots } from "#lib/slots.ts";
import { formatRef } from "#resources/ref.ts";
import { ApiProblem } from "../api-problem.ts";
import type { Principal } from "../auth/principal.ts";
import type { DiffRequest, DiffView } from "../ports/diff.ts";
import { parseBody } from "./body.ts";
import { principalOf } from "./request-principal.ts";

const requestSchema = z.strictObject({
  files: z.array(z.strictObject({ name: z.string().max(4_096), text: z.string() })).max(10_000),
  prune: z.boolean().default(false),
});

/** Everything that stands is translated for each answer, after which others wait this many times what it took. */
const REST = 1;
/** Their manifests stand in memory, from the first byte on. */
const MOST_AT_ONCE = 8;

/**
 * POST /diff: what manifests would change, were they applied. It changes nothing. One at a time, and half of a processor at
 * most. `now`: milliseconds of a clock that only goes forward.
 */
export function diffRoutes(view: DiffView, now: () => number = () => performance.now()): RequestHandler {
  const router = Router();
  const turns = new Slots(1);
  let present = 0;
  let rested = -Infinity;
  const inTurn = async (wanted: DiffRequest, principal: Principal, signal: AbortSignal) => {
    await pause(Math.max(0, rested - now()), signal);
    const start = now();
    try {
      return await view.plan(wanted, principal.namespaces);
    } finally {
      const end = now();
      rested = end + REST * (end - start);
    }
  };
  /** Before anything of the body is read. */
  const enter: RequestHandler = (_request, response, next) => {
    if (present >= MOST_AT_ONCE) {
      throw new ApiProblem(429, "Too many at once", `${present} others wait for theirs`, "ask again in some seconds");
    }
    present++;
    response.once("close", () => present--);
    next();
  };
  router.post("/diff", enter, json({ limit: "32mb" }), async (request, response) => {
    const principal = principalOf(request);
    const wanted = parseBody(requestSchema, request.body);
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    try {
      const plan = await turns.use(gone.signal, () => inTurn(wanted, principal, gone.signal));
      if ("foreign" in plan) {
        const detail = `${formatRef(plan.foreign)} is in a namespace that you do not see`;
        throw new ApiProblem(403, "Not your namespace", detail, "leave it out, or ask somebody who sees it");
      }
      response.json(plan);
    } catch (error) {
      // Nobody waits for it any more.
      if (!gone.signal.aborted) throw error;
    }
  });
  return router;
}
