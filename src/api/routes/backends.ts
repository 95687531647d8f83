import { json, type RequestHandler, Router } from "express";
import { z } from "zod";
import { compareText } from "#lib/compare.ts";
import type {
  BackendAnswer,
  BackendDetailAnswer,
  BackendsAnswer,
  DependentRoutesAnswer,
  FoundServicesAnswer,
  HeldConfirmedAnswer,
  RemovalAnswer,
} from "../answers.ts";
import { ApiProblem } from "../api-problem.ts";
import { mayReadNamespace, type Principal } from "../auth/principal.ts";
import type { BackendAction, BackendState, BackendsView, FoundService } from "../ports/backends.ts";
import { replicationOf } from "../replication.ts";
import { parseBody } from "./body.ts";
import { oneOf } from "./query.ts";
import { principalOf } from "./request-principal.ts";

const removalSchema = z.strictObject({ drainSeconds: z.int().min(0).max(3600).default(30) });

/**
 * GET /backends: each platform that is followed, with what of it is here. GET /backends/NAME: one of them, with what is held
 * or kept away. GET /backends/NAME/routes: the routes that need it.
 * GET /found-services?backend=&namespace=&service=: services by team, and one logical service across backends.
 * POST /backends/NAME/confirm, /backends/NAME/remove and /backends/NAME/restore: what an operator of all namespaces does.
 */
export function backendsRoutes(view: BackendsView): RequestHandler {
  const router = Router();

  const servicesFor = (principal: Principal): readonly FoundService[] =>
    view.services().filter(({ namespace }) => mayReadNamespace(principal, namespace));
  const known = (name: string): BackendState => {
    const found = view.list().find((backend) => backend.name === name);
    if (found !== undefined) return found;
    const fix = "list them with `binnacle backends list`";
    throw new ApiProblem(404, "No such backend", "there is no backend of this name", fix);
  };

  router.get("/backends", (request, response) => {
    const principal = principalOf(request);
    const services = Map.groupBy(servicesFor(principal), ({ backend }) => backend);
    const answer: BackendsAnswer = {
      backends: view.list().map((state) => summary(state, services.get(state.name) ?? [], principal)),
    };
    response.json(answer);
  });

  router.get("/backends/:name", (request, response) => {
    const principal = principalOf(request);
    const state = known(request.params.name);
    const services = servicesFor(principal).filter(({ backend }) => backend === state.name);
    const answer: BackendDetailAnswer = {
      ...summary(state, services, principal),
      namespaces: [...Map.groupBy(services, ({ namespace }) => namespace)]
        .map(([namespace, members]) => ({ namespace, ...replicationOf(members) }))
        .sort((a, b) => compareText(a.namespace, b.namespace)),
      held: services.filter((service) => service.state === "held"),
      unplaced: services.filter((service) => service.state === "unplaced"),
    };
    response.json(answer);
  });

  router.get("/backends/:name/routes", (request, response) => {
    const answer: DependentRoutesAnswer = {
      routes: routesFor(view, known(request.params.name).name, principalOf(request)),
    };
    response.json(answer);
  });

  router.get("/found-services", (request, response) => {
    const backend = oneOf(request.query, "backend");
    const namespace = oneOf(request.query, "namespace");
    const service = oneOf(request.query, "service");
    const answer: FoundServicesAnswer = {
      services: servicesFor(principalOf(request)).filter(
        (found) =>
          (backend === undefined || found.backend === backend) &&
          (namespace === undefined || found.namespace === namespace) &&
          (service === undefined || found.service === service),
      ),
    };
    response.json(answer);
  });

  router.post("/backends/:name/confirm", (request, response) => {
    const principal = principalOf(request);
    const { name } = known(request.params.name);
    decidedHere(view, name, "confirm");
    const answer: HeldConfirmedAnswer = { services: view.confirm(name, principal.name) };
    response.json(answer);
  });

  router.post("/backends/:name/remove", json({ limit: "4kb" }), (request, response) => {
    const principal = principalOf(request);
    const { name } = known(request.params.name);
    decidedHere(view, name, "remove");
    const { drainSeconds } = parseBody(removalSchema, request.body);
    const routes = view.routes(name);
    const answer: RemovalAnswer = { goneAt: view.remove(name, drainSeconds * 1000, principal.name), routes };
    response.status(202).json(answer);
  });

  router.post("/backends/:name/restore", async (request, response) => {
    const { name } = known(request.params.name);
    decidedHere(view, name, "restore");
    await view.restore(name, principalOf(request).name);
    response.status(204).end();
  });

  return router;
}

/** Throws 409 with what to do instead. */
function decidedHere(view: BackendsView, backend: string, action: BackendAction): void {
  const hindrance = view.hindrance(backend, action);
  if (hindrance !== undefined) throw new ApiProblem(409, "Not decided here", hindrance.detail, hindrance.fix);
}

function routesFor(view: BackendsView, backend: string, principal: Principal): DependentRoutesAnswer["routes"] {
  return view
    .routes(backend)
    .filter(({ owner }) => principal.namespaces === "all" || (owner && mayReadNamespace(principal, owner.namespace)));
}

/** Where it is, and what it was asked for, is of all teams. */
function gatewayFor({
  protocol,
  tls,
  state,
}: NonNullable<BackendState["gateway"]>): NonNullable<BackendState["gateway"]> {
  return { protocol, tls, state };
}

/** What is wrong upstream names objects of all teams, and an error where the platform is: who sees some namespaces is told its kind. */
function summary(state: BackendState, services: readonly FoundService[], principal: Principal): BackendAnswer {
  const { failure, problems, gateway, ...rest } = state;
  const seesAll = principal.namespaces === "all";
  const told =
    seesAll || failure === undefined ? failure : { kind: failure.kind, message: "the platform cannot be read" };
  return {
    ...rest,
    ...(gateway === undefined ? {} : { gateway: seesAll ? gateway : gatewayFor(gateway) }),
    ...(told === undefined ? {} : { failure: told }),
    problems: seesAll ? problems : [],
    ...replicationOf(services),
  };
}
