import { json, type Request, type RequestHandler, Router } from "express";
import { z } from "zod";
import { jsonPieces } from "#lib/json-pieces.ts";
import { HISTORY_QUESTIONS, SUBSCRIPTIONS } from "#traffic/client-message.ts";
import type { TrafficFilter } from "#traffic/messages.ts";
import { ApiProblem } from "../api-problem.ts";
import type { TrafficView } from "../ports/traffic.ts";
import { sendPieces } from "../send-pieces.ts";
import { filterFromPairs } from "../traffic-filter.ts";
import { parseBody } from "./body.ts";
import { perUser } from "./per-user.ts";
import { badParameter, numberOf, pairsWithout } from "./query.ts";
import { principalOf } from "./request-principal.ts";

const pinSchema = z.strictObject({
  target: z
    .strictObject({
      client: z.string().max(200).exactOptional(),
      host: z.string().max(300).exactOptional(),
      route: z.string().max(500).exactOptional(),
      requestId: z.string().max(200).exactOptional(),
    })
    .refine((target) => Object.keys(target).length > 0, "expected at least one of client, host, route, requestId"),
  seconds: z.int().min(1).max(3600).default(300),
});

/** Seconds of columns and rows of tables where the query names no limit. */
const DEFAULTS = { columns: 300, tableRows: 500 };

/**
 * The live traffic, asked once: GET /traffic/totals and /traffic/requests take the filter as query (traffic-filter.ts);
 * requests are JSON lines, newest first. Of both each user may ask as much as a socket of the live view. GET /traffic/sampling, /traffic/markers, /traffic/pins; POST and DELETE pins.
 */
export function trafficRoutes(traffic: TrafficView, now: () => number = () => performance.now()): RequestHandler {
  const router = Router();

  router.get("/traffic", () => {
    const fix = "open it as a WebSocket, or ask /api/v1/traffic/totals";
    throw new ApiProblem(426, "This is a WebSocket", "live traffic comes as a stream of messages", fix);
  });

  router.get("/traffic/totals", perUser(SUBSCRIPTIONS, now), async (request, response) => {
    const filter = filterOf(request, ["limit", "columns"]);
    const tableRows = numberOf(request.query, "limit") ?? DEFAULTS.tableRows;
    const columns = numberOf(request.query, "columns") ?? DEFAULTS.columns;
    const question = { filter, tableRows, columns, recentRows: 0 };
    const snapshot = await traffic.snapshot(question, principalOf(request).namespaces);
    await sendPieces(response, jsonPieces(snapshot));
  });

  router.get("/traffic/requests", perUser(HISTORY_QUESTIONS, now), async (request, response) => {
    const filter = filterOf(request, ["limit", "from", "to"]);
    const from = numberOf(request.query, "from");
    const to = numberOf(request.query, "to");
    const limit = numberOf(request.query, "limit");
    const { requests, more } = await traffic.history({ filter, from, to, limit }, principalOf(request).namespaces);
    response.type("application/x-ndjson").set("Binnacle-More", String(more));
    response.send(requests.map((row) => `${JSON.stringify(row)}\n`).join(""));
  });

  router.get("/traffic/sampling", (request, response) => {
    response.json(traffic.sampling(principalOf(request).namespaces));
  });

  router.get("/traffic/markers", (request, response) => {
    response.json({ markers: traffic.markers(principalOf(request).namespaces) });
  });

  router.get("/traffic/pins", (request, response) => {
    response.json({ pins: traffic.pins(principalOf(request).namespaces) });
  });

  router.post("/traffic/pins", json({ limit: "4kb" }), (request, response) => {
    const { target, seconds } = parseBody(pinSchema, request.body);
    response.status(201).json(traffic.pin(target, seconds, principalOf(request).operates));
  });

  router.delete("/traffic/pins/:id", (request, response) => {
    if (!traffic.unpin(request.params.id, principalOf(request).operates)) {
      throw new ApiProblem(404, "No such pin", "there is no pin of this id", "list them with GET /api/v1/traffic/pins");
    }
    response.status(204).end();
  });

  return router;
}

function filterOf(request: Request, others: readonly string[]): TrafficFilter {
  const { filter, problems } = filterFromPairs(pairsWithout(request.query, others));
  const [first] = problems;
  if (first !== undefined) throw badParameter(first.path, first.message, first.fix ?? "correct it");
  return filter;
}
