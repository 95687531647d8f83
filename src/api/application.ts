import type { Agent } from "node:http";
import express, { type Express, type RequestHandler, Router } from "express";
import type { Logger } from "#lib/log.ts";
import { nothingHere, answerProblems } from "./answer-problems.ts";
import type { SignInLinkAnswer } from "./answers.ts";
import { isSignedIn } from "./auth/authenticator.ts";
import { checkAccess } from "./check-access.ts";
import { consoleFiles } from "./console-files.ts";
import type { Gate } from "./gate.ts";
import { setSecurityHeaders } from "./guard/security-headers.ts";
import type { KubeWatches } from "./kube-watches.ts";
import { AlertmanagerClient } from "./monitoring/alertmanager-client.ts";
import type { MonitoringTargets } from "./monitoring/monitoring-target.ts";
import { observeAnswers } from "./observe-answers.ts";
import type { ApiObserver } from "./ports/api-observer.ts";
import type { ApplianceView } from "./ports/appliance.ts";
import type { BackendsView } from "./ports/backends.ts";
import type { DiffView } from "./ports/diff.ts";
import type { ExplainView } from "./ports/explain.ts";
import type { Health, MetricsText } from "./ports/health.ts";
import { KUBE_PREFIX, type KubeView } from "./ports/kube.ts";
import type { ObjectsView } from "./ports/objects.ts";
import type { TrafficView } from "./ports/traffic.ts";
import { alertsRoutes } from "./routes/alerts.ts";
import { backendsRoutes } from "./routes/backends.ts";
import { diffRoutes } from "./routes/diff.ts";
import { explainRoutes } from "./routes/explain.ts";
import { kubeProblems, kubeRoutes } from "./routes/kubernetes.ts";
import { monitoringRoutes } from "./routes/monitoring.ts";
import { objectsRoutes } from "./routes/objects.ts";
import { authenticationOf, setAuthentication } from "./routes/request-principal.ts";
import { runbookRoutes } from "./routes/runbooks.ts";
import { type SignInOptions, signInRoutes } from "./routes/sign-in.ts";
import { statusRoutes } from "./routes/status.ts";
import { trafficRoutes } from "./routes/traffic.ts";
import { goOnPage, SIGN_IN_POLICY } from "./sign-in-page.ts";
import { steadyObjects } from "./steady-objects.ts";
import type { TrafficSockets } from "./traffic-sockets.ts";

/** What the API shows. Handed in by the composition root; the API knows no other room. */
export interface ApplicationViews {
  readonly health: Health;
  readonly metrics: MetricsText;
  readonly appliance: ApplianceView;
  readonly objects: ObjectsView;
  readonly backends: BackendsView;
  readonly explain: ExplainView;
  readonly diff: DiffView;
  /** For kubectl; absent where the objects' home is itself a Kubernetes API. */
  readonly kube?: KubeView;
  readonly traffic: TrafficView;
  readonly monitoring: MonitoringTargets;
  readonly observer: ApiObserver;
  /** Where a Grafana is shown, while one runs. */
  readonly grafana?: () => string | undefined;
}

export interface ApplicationOptions extends ApplicationViews {
  readonly gate: Gate;
  readonly signIn: Omit<SignInOptions, "gate" | "log" | "onSignOut">;
  readonly sockets: TrafficSockets;
  readonly kubeWatches?: KubeWatches;
  /** For connections to the monitoring programs. */
  readonly agent: Agent;
  readonly secure: boolean;
  readonly consoleDirectory: string;
  readonly runbooksDirectory: string;
  readonly version: string;
  readonly startedAt: number;
  readonly now: () => number;
  readonly mintSignInLink: () => SignInLinkAnswer;
  readonly log: Logger;
}

/** All routes, in the order in which a request meets them: guards, what is open, who it is, what they may see. */
export function createApplication(options: ApplicationOptions): Express {
  const { gate, health, log, secure } = options;
  const application = express();
  application.disable("x-powered-by");
  application.set("etag", false);
  application.set("query parser", "simple");

  application.use(observeAnswers(options.observer));
  application.use((request, response, next) => {
    setSecurityHeaders(response, secure);
    gate.checkHost(request);
    next();
  });
  application.get("/healthz", (_request, response) => {
    response.status(health.live() ? 200 : 503).json({ ok: health.live() });
  });
  application.get("/readyz", (_request, response) => {
    response.status(health.ready() ? 200 : 503).json({ ok: health.ready(), reasons: health.reasons() });
  });
  application.use(async (request, _response, next) => {
    const authentication = await gate.identify(request);
    setAuthentication(request, authentication);
    gate.checkPage(request, authentication);
    next();
  });
  const onSignOut = (sessionId: string): void => options.sockets.endSession(sessionId);
  application.use(signInRoutes({ ...options.signIn, gate, log, onSignOut }));
  application.use(onlySignedIn(gate));
  application.use(checkAccess);

  application.get("/metrics", async (_request, response) => {
    const { contentType } = options.metrics;
    response.type(contentType).send(await options.metrics.text());
  });
  application.use("/api/v1", apiRoutes(options));
  const { kube, kubeWatches: watches, version, now } = options;
  if (kube !== undefined && watches !== undefined) {
    application.use(
      KUBE_PREFIX,
      kubeRoutes({ kube, watches, authenticator: options.signIn.authenticator, version, now }),
    );
  }
  application.use(monitoringRoutes(options.monitoring, options.agent));
  application.use(runbookRoutes(options.runbooksDirectory));
  application.use(consoleFiles(options.consoleDirectory));
  application.use(nothingHere);
  application.use(KUBE_PREFIX, kubeProblems(log, options.observer));
  application.use(answerProblems(log, options.observer));
  return application;
}

function apiRoutes(options: ApplicationOptions): RequestHandler {
  const router = Router();
  const objects = steadyObjects(options.objects);
  router.use(statusRoutes({ ...options, objects, grafana: options.grafana }));
  router.use(objectsRoutes(objects));
  router.use(backendsRoutes(options.backends));
  router.use(explainRoutes(options.explain, options.traffic));
  router.use(diffRoutes(options.diff));
  router.use(trafficRoutes(options.traffic));
  router.use(alertsRoutes(new AlertmanagerClient(options.monitoring.alertmanager), options.now));
  router.post("/sign-in-links", (_request, response) => {
    response.status(201).json(options.mintSignInLink());
  });
  return router;
}

/** A program is told 401; a person who opens a page is led to sign in. */
function onlySignedIn(gate: Gate): RequestHandler {
  return (request, response, next) => {
    const authentication = authenticationOf(request);
    const isPage =
      request.method === "GET" && request.accepts(["json", "html"]) === "html" && !request.path.startsWith("/api/");
    if (isSignedIn(authentication) || !isPage) {
      gate.requireSignedIn(authentication);
      next();
    } else if (request.headers["sec-fetch-site"] === "cross-site") {
      // SameSite=Strict keeps the cookie back on a step from another site (a bookmark service, a web terminal): take one more.
      response.set("Content-Security-Policy", SIGN_IN_POLICY).type("html").send(goOnPage());
    } else {
      response.redirect(303, "/sign-in");
    }
  };
}
