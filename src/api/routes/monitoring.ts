import type { Agent } from "node:http";
import { json, type Request, type RequestHandler, type Response, Router } from "express";
import { z } from "zod";
import { ApiProblem } from "../api-problem.ts";
import { mayAskAlertmanager, silenceChange } from "../monitoring/alertmanager-paths.ts";
import { forward } from "../monitoring/forward.ts";
import type { MonitoringTarget, MonitoringTargets } from "../monitoring/monitoring-target.ts";
import { mayAskPrometheus } from "../monitoring/prometheus-paths.ts";
import { parseBody } from "./body.ts";
import { principalOf } from "./request-principal.ts";

/** Bytes of a query: a dashboard's longest are a few thousand. */
const LONGEST_QUERY = 256_000;

const postedSilenceSchema = z.looseObject({ createdBy: z.string() });

/**
 * /prometheus and /alertmanager: their own pages and reading APIs for those who may see all namespaces, since neither of
 * them knows namespaces. A silence that is made there carries the name of whoever is signed in.
 */
export function monitoringRoutes(targets: MonitoringTargets, agent: Agent): RequestHandler {
  const router = Router();

  async function pass(
    request: Request,
    response: Response,
    name: string,
    target: MonitoringTarget | undefined,
    body?: string,
  ): Promise<void> {
    await forward(request, response, {
      name,
      target,
      agent,
      path: request.url,
      ...(body === undefined ? {} : { body }),
    });
  }

  router.get(["/prometheus", "/alertmanager"], (request, response, next) => {
    // Their pages name what they load relative to this slash.
    if (request.path.endsWith("/")) next();
    else response.redirect(308, `${request.path}/`);
  });

  router.use("/prometheus", async (request, response) => {
    checkPassage(request, "Prometheus", mayAskPrometheus);
    await pass(request, response, "Prometheus", targets.prometheus);
  });

  router.post("/alertmanager/api/v2/silences", json({ limit: "32kb" }), async (request, response) => {
    const { name } = principalOf(request);
    const silence = parseBody(postedSilenceSchema, request.body);
    request.url = "/api/v2/silences";
    await pass(
      request,
      response,
      "Alertmanager",
      targets.alertmanager,
      JSON.stringify({ ...silence, createdBy: name }),
    );
  });

  router.use("/alertmanager", async (request, response) => {
    checkPassage(
      request,
      "Alertmanager",
      (method, path) => mayAskAlertmanager(method, path) && silenceChange(method, path) !== "put",
    );
    await pass(request, response, "Alertmanager", targets.alertmanager);
  });

  return router;
}

function checkPassage(request: Request, name: string, may: (method: string, path: string) => boolean): void {
  // Compared as it is sent on: an encoded or doubled slash must not mean something else behind us.
  const { pathname } = new URL(request.url, "http://proxy.invalid");
  if (/%|\/\/|\\/.test(request.path) || pathname !== request.path || !may(request.method, request.path)) {
    throw new ApiProblem(
      403,
      "Not passed on",
      `this part of ${name} is closed from outside`,
      "use its queries and pages",
    );
  }
  if (request.method === "POST" && !(Number(request.headers["content-length"]) <= LONGEST_QUERY)) {
    throw new ApiProblem(
      413,
      "Query too long",
      `a query may have ${LONGEST_QUERY} bytes and says its length`,
      "shorten it",
    );
  }
}
