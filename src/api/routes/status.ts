import { type RequestHandler, Router } from "express";
import type { ObjectCounts, StatusAnswer } from "../answers.ts";
import { mayReadObject, namesOfScope, roleOf } from "../auth/principal.ts";
import type { MonitoringTargets } from "../monitoring/monitoring-target.ts";
import type { ApplianceView, EnvoyState, SourceState } from "../ports/appliance.ts";
import type { Health } from "../ports/health.ts";
import type { ObjectsView, ObjectSummary } from "../ports/objects.ts";
import { principalOf } from "./request-principal.ts";

export interface StatusOptions {
  readonly version: string;
  readonly startedAt: number;
  readonly now: () => number;
  readonly health: Health;
  readonly appliance: ApplianceView;
  readonly objects: ObjectsView;
  readonly monitoring: MonitoringTargets;
  /** Where a Grafana is shown, if one runs. */
  readonly grafana: (() => string | undefined) | undefined;
}

/** GET /status: the appliance in one answer. */
export function statusRoutes(options: StatusOptions): RequestHandler {
  const { version, startedAt, now, health, appliance, objects, monitoring } = options;
  const router = Router();
  router.get("/status", (request, response) => {
    const principal = principalOf(request);
    const { name, namespaces, operates } = principal;
    const seesAll = namespaces === "all";
    const grafana = options.grafana?.();
    const answer: StatusAnswer = {
      version,
      time: now(),
      startedAt,
      principal: {
        name,
        role: roleOf(principal),
        namespaces: namesOfScope(namespaces),
        operates: namesOfScope(operates),
      },
      ready: health.ready(),
      reasons: health.reasons(),
      envoys: seesAll ? appliance.envoys() : appliance.envoys().map(withoutOthers),
      sources: seesAll ? appliance.sources() : appliance.sources().map(withoutDetail),
      children: appliance.children(),
      objects: countObjects(objects.list().filter(({ ref }) => mayReadObject(principal, ref))),
      links: {
        prometheus: seesAll && monitoring.prometheus?.url() !== undefined,
        alertmanager: seesAll && monitoring.alertmanager?.url() !== undefined,
        ...(grafana === undefined ? {} : { grafana }),
      },
    };
    response.json(answer);
  });
  return router;
}

/** What Envoy refused may be another team's, and where it stands is the platform's; that it is there is everybody's. */
function withoutOthers({ id, connected, version, config }: EnvoyState): EnvoyState {
  const shown = config.state === "rejected" ? { ...config, message: "the problems of objects say what" } : config;
  return { id, connected, config: shown, ...(version === undefined ? {} : { version }) };
}

/** Where it stands, and what nobody can tell whose it is, is the platform's. */
function withoutDetail({ name, state, lastSync }: SourceState): SourceState {
  return { name, state, detail: "", ...(lastSync === undefined ? {} : { lastSync }) };
}

function countObjects(objects: readonly ObjectSummary[]): ObjectCounts {
  const errors = objects.filter(({ problems }) => problems.some(({ severity }) => severity === "error")).length;
  const either = objects.filter((object) => object.problems.length > 0).length;
  return { total: objects.length, errors, warnings: either - errors };
}
