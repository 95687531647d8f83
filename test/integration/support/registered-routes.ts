import { Agent } from "node:http";
import { createApplication } from "#api/application.ts";
import { Authenticator } from "#api/auth/authenticator.ts";
import { FailureLimit } from "#api/auth/failure-limit.ts";
import { OneTimeCodes } from "#api/auth/one-time-codes.ts";
import { Sessions } from "#api/auth/sessions.ts";
import { Users } from "#api/auth/users.ts";
import { Gate } from "#api/gate.ts";
import { OwnHosts } from "#api/guard/own-hosts.ts";
import { KubeWatches } from "#api/kube-watches.ts";
import type { KubeView } from "#api/ports/kube.ts";
import { TrafficSockets } from "#api/traffic-sockets.ts";
import { silentLogger } from "#lib/log.ts";
import {
  HEALTHY,
  METRICS,
  NO_DIFFERENCE,
  NO_ROUTES,
  simulatedAppliance,
  simulatedObjects,
} from "../../browser/simulated/simulated-appliance.ts";
import { simulatedBackends } from "../../browser/simulated/simulated-backends.ts";
import { SimulatedTraffic } from "../../browser/simulated/simulated-traffic.ts";

export interface RegisteredRoute {
  /** Upper case; `ANY` for one that takes all of them. */
  readonly method: string;
  /** As rules have it: `*` for what a mounted handler takes below its path. */
  readonly path: string;
}

/** A layer of Express's router (the package `router`, 2.x), as far as it tells what is registered. */
interface Layer {
  readonly rawPath: string | readonly string[];
  readonly handle: { readonly stack?: readonly Layer[] };
  readonly route?: { readonly path: string | readonly string[]; readonly methods: Readonly<Record<string, boolean>> };
}

/** Every route of the API, read from Express's own tables; what only looks at requests on their way is none. */
export async function registeredRoutes(): Promise<readonly RegisteredRoute[]> {
  const now = Date.now;
  const observer = { answered() {}, authFailed() {} };
  const sessions = await Sessions.open({ load: async () => [], save: async () => {} }, now);
  const users = new Users([]);
  const authenticator = new Authenticator({ token: "token", users, sessions, cookie: "c", now });
  const hosts = new OwnHosts({ secure: false, port: 1, address: "127.0.0.1", extra: [] });
  const log = silentLogger;
  const gate = new Gate({ hosts: () => hosts, authenticator, failures: new FailureLimit(now), observer, log });
  const traffic = new SimulatedTraffic(1);
  await using sockets = new TrafficSockets({ gate, authenticator, traffic, log, most: 1 });
  const kube: KubeView = {
    version: () => 1,
    get: () => undefined,
    list: () => [],
    since: () => [],
    onChange: () => () => {},
    home: "",
  };
  const application = createApplication({
    health: HEALTHY,
    metrics: METRICS,
    appliance: simulatedAppliance(0),
    objects: simulatedObjects(),
    backends: simulatedBackends(0),
    explain: NO_ROUTES,
    diff: NO_DIFFERENCE,
    kube,
    kubeWatches: new KubeWatches(kube, now),
    traffic,
    monitoring: {},
    observer,
    gate,
    signIn: {
      authenticator,
      sessions,
      users,
      hasCluster: false,
      codes: new OneTimeCodes(now),
      cookie: "c",
      secure: false,
    },
    sockets,
    agent: new Agent(),
    secure: false,
    consoleDirectory: "/nowhere",
    runbooksDirectory: "/nowhere",
    version: "1",
    startedAt: 0,
    now,
    mintSignInLink: () => ({ url: "", until: 0 }),
    log,
  });
  const { stack } = application.router as unknown as { readonly stack: readonly Layer[] };
  return stack.flatMap((layer) => routesOf(layer, ""));
}

function routesOf({ rawPath, handle, route }: Layer, base: string): RegisteredRoute[] {
  if (route !== undefined) {
    const paths = [route.path].flat();
    return Object.keys(route.methods).flatMap((name) => {
      const method = name === "_all" ? "ANY" : name.toUpperCase();
      return paths.map((path) => ({ method, path: written(base, path) }));
    });
  }
  const below = typeof rawPath === "string" && rawPath !== "/" ? base + rawPath : base;
  if (handle.stack !== undefined) return handle.stack.flatMap((layer) => routesOf(layer, below));
  // A handler at the root looks at what passes; one at a path answers all that is below it. Problem handlers take four.
  const isHandler = below !== base && (handle as unknown as { length: number }).length < 4;
  return isHandler ? [{ method: "ANY", path: `${below}/*` }] : [];
}

/** `{*path}` is Express's word for all that follows; a file below a mounted path is one of them. */
function written(base: string, path: string): string {
  return path === "{*path}" ? `${base}/*` : path === "/" && base !== "" ? base : base + path;
}
