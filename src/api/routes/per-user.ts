import type { RequestHandler } from "express";
import { Allowance } from "#traffic/allowance.ts";
import { ApiProblem } from "../api-problem.ts";
import { principalOf } from "./request-principal.ts";

/** Users that are remembered; the one that asked longest ago gives way. */
const MOST_USERS = 1000;

/**
 * Lets each user ask so often, whatever connections they ask on: what comes too soon is answered 429 and told when to come
 * again. `now`: milliseconds of a clock that only goes forward.
 */
export function perUser(
  { atOnce, perSecond }: { readonly atOnce: number; readonly perSecond: number },
  now: () => number,
): RequestHandler {
  const allowances = new Map<string, Allowance>();
  const allowanceOf = (name: string): Allowance => {
    const allowance = allowances.get(name) ?? new Allowance(perSecond, now(), atOnce);
    allowances.delete(name);
    allowances.set(name, allowance);
    const [oldest] = allowances.keys();
    if (allowances.size > MOST_USERS && oldest !== undefined) allowances.delete(oldest);
    return allowance;
  };
  return (request, response, next) => {
    const allowance = allowanceOf(principalOf(request).name);
    if (!allowance.take(now())) {
      const seconds = Math.max(1, Math.ceil(allowance.wait(now()) / 1000));
      response.set("Retry-After", String(seconds));
      const detail = `you asked more often than ${atOnce} times at once and then ${perSecond} a second`;
      throw new ApiProblem(429, "Too many questions", detail, `ask again in ${seconds} s`);
    }
    next();
  };
}
