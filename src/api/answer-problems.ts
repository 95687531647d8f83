import type { ErrorRequestHandler, RequestHandler } from "express";
import { errorMessage } from "#lib/error-message.ts";
import type { Logger } from "#lib/log.ts";
import { ApiProblem, NotAllowed, type ProblemAnswer } from "./api-problem.ts";

import type { ApiObserver } from "./ports/api-observer.ts";

/** The last route: nothing is here. */
export const nothingHere: RequestHandler = () => {
  throw new ApiProblem(404, "Nothing here", "this address answers nothing", "the API begins at /api/v1/status");
};

/** Turns what a route threw into {title, detail, fix}. What is not an {@link ApiProblem} is logged and told to nobody. */
export function answerProblems(log: Logger, observer: ApiObserver): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const problem = error instanceof ApiProblem ? error : (badRequest(error) ?? internal());
    if (problem.status >= 500) {
      log.error("request failed", { method: request.method, path: request.path, error: errorMessage(error) });
    }
    if (problem instanceof NotAllowed) observer.authFailed("forbidden");
    if (problem.status === 401) response.set("WWW-Authenticate", 'Bearer realm="binnacle"');
    const { title, detail, fix } = problem;
    const body: ProblemAnswer = { title, detail, fix };
    response.status(problem.status).json(body);
  };
}

/** What Express and its body parsers throw about a request (http-errors: `status`, `expose`). */
function badRequest(error: unknown): ApiProblem | undefined {
  if (!(error instanceof Error) || !("status" in error) || typeof error.status !== "number") return undefined;
  if (error.status < 400 || error.status > 499) return undefined;
  return new ApiProblem(error.status, "Bad request", error.message, "correct the request");
}

function internal(): ApiProblem {
  return new ApiProblem(500, "Internal error", "the request could not be handled", "look into the log");
}
