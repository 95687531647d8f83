import { json, type RequestHandler, Router } from "express";
import { z } from "zod";
import type { AlertsAnswer, SilencesAnswer } from "../answers.ts";
import { ApiProblem, NotAllowed } from "../api-problem.ts";
import type { AlertmanagerClient } from "../monitoring/alertmanager-client.ts";
import { maySeeSilence, maySilence, shownAlerts, shownSilences } from "../monitoring/alerts.ts";
import { parseBody } from "./body.ts";
import { principalOf } from "./request-principal.ts";

const silenceSchema = z.strictObject({
  matchers: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[A-Za-z_]\w*$/, "expected a label name"),
        value: z.string().max(500),
        isRegex: z.boolean().default(false),
        isEqual: z.boolean().default(true),
      }),
    )
    .min(1)
    .max(20),
  comment: z.string().trim().min(1, "say why, for those who find it at night").max(1000),
  minutes: z.int().min(1).max(43_200),
});

/** GET /alerts; GET and POST /silences; DELETE /silences/ID. `now`: milliseconds since the epoch. */
export function alertsRoutes(alertmanager: AlertmanagerClient, now: () => number): RequestHandler {
  const router = Router();

  router.get("/alerts", async (request, response) => {
    const answer: AlertsAnswer = { alerts: shownAlerts(await alertmanager.alerts(), principalOf(request)) };
    response.json(answer);
  });

  router.get("/silences", async (request, response) => {
    const answer: SilencesAnswer = { silences: shownSilences(await alertmanager.silences(), principalOf(request)) };
    response.json(answer);
  });

  router.post("/silences", json({ limit: "32kb" }), async (request, response) => {
    const principal = principalOf(request);
    const { matchers, comment, minutes } = parseBody(silenceSchema, request.body);
    if (!maySilence(principal, matchers))
      throw new NotAllowed("the silence reaches beyond the namespaces that you operate");
    const id = await alertmanager.putSilence({
      matchers,
      comment,
      createdBy: principal.name,
      startsAt: new Date(now()).toISOString(),
      endsAt: new Date(now() + minutes * 60_000).toISOString(),
    });
    response.status(201).json({ id });
  });

  router.delete("/silences/:id", async (request, response) => {
    const principal = principalOf(request);
    const found = await alertmanager.silence(request.params.id);
    if (found === undefined || !maySeeSilence(principal, found.matchers)) {
      throw new ApiProblem(
        404,
        "No such silence",
        "there is no silence of this id",
        "list them with GET /api/v1/silences",
      );
    }
    if (!maySilence(principal, found.matchers)) throw new NotAllowed("the silence is of a namespace that you only see");
    await alertmanager.endSilence(found.id);
    response.status(204).end();
  });

  return router;
}
