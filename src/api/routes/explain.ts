import { json, type RequestHandler, Router } from "express";
import { z } from "zod";
import type { EndpointHealth } from "#traffic/table-rows.ts";
import { ApiProblem } from "../api-problem.ts";
import { mayReadNamespace, type NamespaceScope } from "../auth/principal.ts";
import type { ExplainedEndpoint, ExplainedUpstream, Explanation, ExplainView } from "../ports/explain.ts";
import type { TrafficView } from "../ports/traffic.ts";
import { parseBody } from "./body.ts";
import { principalOf } from "./request-principal.ts";

const MOST_HEADERS = 100;

/** RFC 9110 §5.6.2. */
const TOKEN = /^[\w!#$%&'*+.^`|~-]{1,200}$/;

const questionSchema = z.strictObject({
  secure: z.boolean().default(false),
  method: z.string().regex(TOKEN, "expected a method such as GET").default("GET"),
  authority: z.string().regex(/^[^\s/?#@]{1,300}$/, "expected a host name, with a port or without"),
  target: z.string().max(8_192).startsWith("/", "expected a path that begins with /").default("/"),
  headers: z
    .array(z.tuple([z.string().regex(TOKEN, "expected the name of a header"), z.string().max(8_192)]))
    .max(MOST_HEADERS)
    .default([]),
  listener: z.string().max(200).exactOptional(),
  serverName: z.string().max(300).exactOptional(),
});

/** POST /explain: what becomes of a request, and why. It sends none. */
export function explainRoutes(view: ExplainView, traffic: TrafficView): RequestHandler {
  const router = Router();
  router.post("/explain", json({ limit: "256kb" }), async (request, response) => {
    const principal = principalOf(request);
    const question = parseBody(questionSchema, request.body);
    const found = view.explain(question, (namespace) => mayReadNamespace(principal, namespace));
    if (found === undefined) {
      const detail = "what takes this request is in namespaces that you do not see";
      throw new ApiProblem(404, "Not yours", detail, "ask somebody who sees all namespaces");
    }
    response.json(cutToScope(await withHealth(found, traffic, principal.namespaces), principal.namespaces));
  });
  return router;
}

/** How Envoy sees each endpoint, where it has said so: what the platform calls draining stays that. */
async function withHealth(explanation: Explanation, traffic: TrafficView, scope: NamespaceScope): Promise<Explanation> {
  const { upstreams, mirrors } = explanation;
  const clusters = [...upstreams, ...mirrors].map(({ backend, namespace, service, port }) => ({
    backend,
    namespace,
    service,
    port,
  }));
  if (clusters.length === 0) return explanation;
  const { clusters: states } = await traffic.snapshot(
    { filter: { clusters }, tableRows: clusters.length * 10, columns: 1, recentRows: 0 },
    scope,
  );
  const seen = new Map(
    states.flatMap(({ key, endpoints }) => endpoints.map(({ address, health }) => [`${key} ${address}`, health])),
  );
  const told = <T extends ExplainedUpstream>(upstream: T): T => ({
    ...upstream,
    endpoints: upstream.endpoints.map((endpoint) => {
      const health: EndpointHealth | undefined = seen.get(`${upstream.cluster} ${endpoint.address}`);
      return health === undefined || endpoint.health === "draining" ? endpoint : { ...endpoint, health };
    }),
  });
  return { ...explanation, upstreams: upstreams.map(told), mirrors: mirrors.map(told) };
}

/** Where a backend's gateway is, is of all teams: who sees some namespaces is told that there is one. */
function cutToScope(explanation: Explanation, scope: NamespaceScope): Explanation {
  if (scope === "all") return explanation;
  const cut = (endpoint: ExplainedEndpoint): ExplainedEndpoint =>
    endpoint.gateway === undefined ? endpoint : { ...endpoint, gateway: "of its backend" };
  const cutAll = <T extends ExplainedUpstream>(upstream: T): T => ({
    ...upstream,
    endpoints: upstream.endpoints.map(cut),
  });
  return { ...explanation, upstreams: explanation.upstreams.map(cutAll), mirrors: explanation.mirrors.map(cutAll) };
}
