import type { ExplainedLoser, ExplainedRoute, Explanation, ExplainView } from "#api/ports/explain.ts";
import type { Origin } from "#lib/problem.ts";
import { formatRef, type ObjectRef } from "#resources/ref.ts";
import type { Store } from "#store/store.ts";
import type { IrTcpCluster } from "#translate/ir-listener.ts";
import type { IrRoute } from "#translate/ir-route.ts";
import { predict, type Prediction } from "#translate/match-prediction.ts";
import { matchWords } from "#translate/match-route.ts";
import { type MatchWorld, matchWorld } from "#translate/match-world.ts";
import { routeRule } from "#translate/route-rule.ts";
import type { Translator } from "#translate/translator.ts";
import { http3Part } from "./explain-http3.ts";
import { routeSteps } from "./explain-steps.ts";
import { explainedUpstreams } from "./explain-upstreams.ts";
import { shareWords } from "./upstream-words.ts";

type Sees = (namespace: string) => boolean;
/** What the objects themselves tell of a route. */
interface Objects {
  origin(ref: ObjectRef): Origin | undefined;
  rule(route: IrRoute, host: string): string | undefined;
}
type OnListener = Exclude<Prediction, { readonly type: "noListener" }>;
type OnHost = Extract<Prediction, { readonly type: "noRoute" | "routed" }>;

/** What becomes of a request, from the objects as they stand at each call. */
export function explainView(
  store: Pick<Store, "state" | "get" | "list">,
  translator: Pick<Translator, "eachItem">,
): ExplainView {
  return {
    explain: (question, sees) => {
      const world = matchWorld(translator.eachItem());
      return explanation(predict(question, world), world, sees, {
        origin: (ref) => store.state(ref)?.origin,
        rule: ({ owner, name }, host) => owner && routeRule(host, owner, name, store),
      });
    },
  };
}

function explanation(prediction: Prediction, world: MatchWorld, sees: Sees, objects: Objects): Explanation | undefined {
  if (prediction.type === "noListener") return { ...NOTHING, summary: `nobody listens: ${prediction.why}` };
  const on = listenerPart(prediction, sees);
  switch (prediction.type) {
    case "noHandshake":
      return { ...NOTHING, ...on, summary: `the TLS handshake fails: ${prediction.why}` };
    case "connection":
      return connection(prediction.clusters, world, on, sees);
    case "early": {
      const { status, why, location } = prediction.answer;
      const where = location === undefined ? {} : { location };
      return { ...NOTHING, ...on, summary: `Envoy answers ${status} before routing: ${why}`, status, ...where };
    }
    case "noHost": {
      const { status } = prediction;
      const why = status === 421 ? "no host with TLS has this name on the connection" : "no object claims the host";
      return { ...NOTHING, ...on, summary: `Envoy answers ${status}: ${why}`, status };
    }
    case "noRoute": {
      if (!seesSome(prediction, sees)) return undefined;
      const { host, virtualHost } = prediction.chosen;
      const isBeyond = host !== virtualHost.host;
      const why = isBeyond
        ? `${virtualHost.host} covers one label, and this is more`
        : `host ${host} has no route for it`;
      const summary = `Envoy answers 404: ${why}`;
      return { ...NOTHING, ...on, ...hostPart(prediction, sees, objects), summary, status: 404 };
    }
    case "routed":
      return routed(prediction, world, on, sees, objects);
  }
}

const NOTHING = { losers: [], hiddenLosers: 0, steps: [], upstreams: [], mirrors: [] };

function routed(
  prediction: Extract<Prediction, { readonly type: "routed" }>,
  world: MatchWorld,
  on: Partial<Explanation>,
  sees: Sees,
  objects: Objects,
): Explanation | undefined {
  const { winner, chosen, answer } = prediction;
  if (winner.owner !== undefined && !sees(winner.owner.namespace)) return undefined;
  const { action } = winner;
  const cluster = (name: string): string => {
    const { upstream, shares } = world.clusters.get(name) ?? {};
    if (upstream === undefined) return "a service that is missing";
    if (!sees(upstream.namespace)) return "a service of another namespace";
    // An ExtensionService has Services of its own namespace alone.
    return shares === undefined ? `${upstream.namespace}/${upstream.service}:${upstream.port}` : shareWords(shares);
  };
  const accepted = prediction.request.headers.get("accept-encoding");
  const upstreams = action.type === "forward" ? explainedUpstreams(action.clusters, world, sees, accepted) : [];
  const mirrors = action.type === "forward" ? (action.mirrors ?? []) : [];
  const steps = routeSteps(prediction, cluster);
  const by = winner.owner === undefined ? "the appliance" : formatRef(winner.owner);
  const targets = action.type === "forward" ? [...new Set(action.clusters.map(({ name }) => cluster(name)))] : [];
  const isEmpty = upstreams.length > 0 && upstreams.every(({ endpoints }) => endpoints.length === 0);
  const nobody = `, ${targets.length === 1 ? "which has no" : "none of which has"} endpoints: Envoy answers 503`;
  const does = answer === undefined ? `sends it to ${targets.join(", ")}` : (steps.at(-1)?.replace("Envoy ", "") ?? "");
  return {
    ...NOTHING,
    ...on,
    ...hostPart(prediction, sees, objects),
    summary: `${by} ${does}${isEmpty ? nobody : ""}`,
    winner: explainedRoute(winner, chosen.host, objects),
    steps,
    ...(answer === undefined ? {} : { status: answer.status }),
    ...(answer?.location === undefined ? {} : { location: answer.location }),
    upstreams,
    mirrors: mirrors.flatMap(({ cluster: name, percent }) =>
      explainedUpstreams([{ name, weight: 1 }], world, sees).map((upstream) => ({ ...upstream, percent })),
    ),
  };
}

/** What is forwarded has no route, and so nobody but its upstreams says whose it is. */
function connection(
  clusters: readonly IrTcpCluster[],
  world: MatchWorld,
  on: Partial<Explanation>,
  sees: Sees,
): Explanation | undefined {
  const upstreams = explainedUpstreams(clusters, world, sees);
  if (clusters.length > 0 && upstreams.length === 0) return undefined;
  const targets = [...new Set(upstreams.map(({ namespace, service, port }) => `${namespace}/${service}:${port}`))];
  const does = targets.length === 0 ? "are closed" : `go to ${targets.join(", ")} as they are`;
  return {
    ...NOTHING,
    ...on,
    summary: `connections for this server name ${does}, and no requests are read`,
    upstreams,
  };
}

function listenerPart({ listener, chain, certificate }: OnListener, sees: Sees): Partial<Explanation> {
  const { name, address, port, proxyProtocol } = listener;
  const place = { listener: { name, address, port, proxyProtocol } };
  if (chain === undefined || typeof chain.policy === "string") return place;
  const { minimumVersion, maximumVersion, client } = chain.policy;
  const tls = {
    chain: chain.name,
    minimumVersion,
    maximumVersion,
    ...(client === undefined
      ? {}
      : { clientCertificates: client.optional ? ("optional" as const) : ("required" as const) }),
    ...(certificate === undefined
      ? {}
      : {
          certificate: {
            name: certificate.name,
            ...(sees(certificate.secret.namespace) ? { secret: certificate.secret } : {}),
          },
        }),
  };
  return { ...place, tls };
}

function hostPart(prediction: OnHost, sees: Sees, objects: Objects): Partial<Explanation> {
  const { chosen, losers } = prediction;
  const seen = losers.filter(({ route }) => route.owner === undefined || sees(route.owner.namespace));
  return {
    ...http3Part(prediction),
    host: { name: chosen.virtualHost.host, by: chosen.by },
    losers: seen.map(({ route, matches, why }): ExplainedLoser => ({
      ...explainedRoute(route, chosen.host, objects),
      matches,
      why,
    })),
    hiddenLosers: losers.length - seen.length,
  };
}

function explainedRoute(route: IrRoute, host: string, objects: Objects): ExplainedRoute {
  const { name, owner, match } = route;
  const origin = owner === undefined ? undefined : objects.origin(owner);
  const rule = objects.rule(route, host);
  return {
    route: name,
    host,
    asks: matchWords(match),
    ...(owner === undefined ? {} : { owner }),
    ...(rule === undefined ? {} : { rule }),
    ...(origin === undefined ? {} : { origin }),
  };
}

/** A host whose every route is others' is others'. */
function seesSome({ chosen }: OnHost, sees: Sees): boolean {
  const { routes } = chosen;
  return routes.length === 0 || routes.some(({ owner }) => owner === undefined || sees(owner.namespace));
}
