import type { RequestHandler } from "express";
import type { ApiObserver } from "./ports/api-observer.ts";

/** Tells the observer of every answer that was sent whole, under the template of the route that gave it. */
export function observeAnswers(observer: ApiObserver): RequestHandler {
  return (request, response, next) => {
    const since = performance.now();
    response.once("finish", () => {
      // A router's mount path stands in baseUrl; what no route took has no template and must not bring its path along.
      const own: unknown = (request.route as { path?: unknown } | undefined)?.path;
      const route = typeof own === "string" ? `${request.baseUrl}${own}` : "none";
      const seconds = (performance.now() - since) / 1000;
      observer.answered({ route, method: request.method, code: response.statusCode, seconds });
    });
    next();
  };
}
