import type { ProxyRoute } from "#resources/httpproxy.ts";
import type { IrPolicies } from "../ir-policies.ts";
import type { IrDirectResponse, IrForward, IrMatch, IrRedirect, IrRoute } from "../ir-route.ts";
import { routeName } from "../route-name.ts";
import type { UpstreamVariation } from "../upstream-variation.ts";
import { logged } from "../log-share.ts";
import { mergedMatch } from "./conditions.ts";
import { routeAuthorization } from "./authorization.ts";
import { bounded } from "./bounded.ts";
import { cookieRewrites } from "./cookie-policy.ts";
import { globalRateLimit, NO_RATE_LIMIT_SERVICE } from "./global-rate-limit.ts";
import { headerPolicy } from "./header-policy.ts";
import { healthCheck } from "./health-check.ts";
import { ipFilter } from "./ip-filter.ts";
import { routeJwt } from "./jwt.ts";
import { loadBalancing } from "./load-balancing.ts";
import { pathRewrite, redirectPrefix } from "./path-rewrite.ts";
import type { PlacedRoute } from "./placed-routes.ts";
import { localRateLimit } from "./rate-limit.ts";
import { complain, type RouteContext } from "./route-context.ts";
import { routeServices } from "./route-services.ts";
import { isStatusCode, retry, timeLimit } from "./times.ts";

/** The answer of a route that cannot be served as it was asked for: without a part of it, it might serve what it must not. */
const NOT_VALID: IrDirectResponse = { type: "respond", status: 503, body: "no upstream: the route is not valid\n" };
const NO_SERVICE: IrDirectResponse = { type: "respond", status: 503, body: "no upstream: service not found\n" };

/** Undefined: there is no telling which requests it is for. */
export function proxyRoute(placed: PlacedRoute, context: RouteContext): IrRoute | undefined {
  const { route, above, problem, mistakenFor } = placed;
  if (problem !== undefined) {
    const message = `${problem.message}, so this route has no effect`;
    complain(context, "error", "conditions", { type: "RouteError", reason: CONDITION_REASONS[problem.kind], message });
    return undefined;
  }
  const match = mergedMatch([...above, route.conditions]);
  const frame = { name: routeName(match), owner: placed.proxy.ref, match, ...logged(context.annotations) };
  const served = serve(route, match, context);
  if (served !== undefined && mistakenFor?.problem !== undefined) {
    const { path } = mistakenFor;
    const message = `the conditions of ${path}, which guards its requests otherwise, make no sense, so this route, to which they might come, answers 503`;
    const reason = CONDITION_REASONS[mistakenFor.problem.kind];
    complain(context, "error", "", { type: "RouteError", reason, message, fix: `correct ${path}.conditions` });
    return { ...frame, action: NOT_VALID };
  }
  return served === undefined ? { ...frame, action: NOT_VALID } : { ...frame, ...served };
}

const CONDITION_REASONS = {
  path: "PathMatchConditionsNotValid",
  header: "HeaderMatchConditionsNotValid",
  query: "QueryParameterMatchConditionsNotValid",
} as const;

type Served = Pick<IrRoute, "action" | "requestHeaders" | "responseHeaders" | "policies">;

function serve(route: ProxyRoute, match: IrMatch, context: RouteContext): Served | undefined {
  const policies = routePolicies(route, context);
  const variables = { CONTOUR_NAMESPACE: context.ref.namespace };
  const request = headerPolicy(route.requestHeadersPolicy, { host: "dynamic", variables });
  const response = headerPolicy(route.responseHeadersPolicy, { host: "never", variables });
  const cookies = cookieRewrites(route.cookieRewritePolicies);
  if ("problem" in request) refuse(context, "requestHeadersPolicy", "RequestHeadersPolicyInvalid", request.problem);
  if ("problem" in response) refuse(context, "responseHeadersPolicy", "ResponseHeaderPolicyInvalid", response.problem);
  if ("problem" in cookies) refuse(context, "cookieRewritePolicies", "CookieRewritePoliciesInvalid", cookies.problem);
  const action = actionOf(route, match, "problem" in request ? undefined : request.host, context);
  if (policies === undefined || action === undefined) return undefined;
  if ("problem" in request || "problem" in response || "problem" in cookies) return undefined;
  const all: IrPolicies = { ...policies, ...(cookies.cookies.length === 0 ? {} : { cookies: cookies.cookies }) };
  return {
    action,
    ...(request.changes === undefined ? {} : { requestHeaders: request.changes }),
    ...(response.changes === undefined ? {} : { responseHeaders: response.changes }),
    ...(Object.keys(all).length === 0 ? {} : { policies: all }),
  };
}

/** Undefined: one of them is not valid, and nobody may pass. */
function routePolicies(route: ProxyRoute, context: RouteContext): IrPolicies | undefined {
  const filter = ipFilter(route);
  if ("problem" in filter) {
    const { reason, problem, field } = filter;
    complain(context, "error", field, {
      type: "IPFilterError",
      reason,
      message: `${problem}, so this route answers 503`,
    });
  }
  const limit = localRateLimit(route.rateLimitPolicy?.local);
  if ("problem" in limit) refuse(context, "rateLimitPolicy.local", "RateLimitPolicyNotValid", limit.problem);
  const global = globalRateLimit(route.rateLimitPolicy?.global);
  if ("problem" in global) refuse(context, "rateLimitPolicy.global", "RateLimitPolicyNotValid", global.problem);
  const jwt = routeJwt(route, context.jwt);
  if ("problem" in jwt) {
    const message = `${jwt.problem}, so this route answers 503`;
    complain(context, "error", "jwtVerificationPolicy", { type: "JWTVerificationError", reason: jwt.reason, message });
  }
  if ("problem" in filter || "problem" in limit || "problem" in global || "problem" in jwt) return undefined;
  if (global.limit !== undefined && context.settings.proxies.rateLimit === undefined)
    complain(context, "warning", "rateLimitPolicy.global", NO_RATE_LIMIT_SERVICE);
  const authorization = routeAuthorization(route, context.authorization);
  return {
    ...(authorization === undefined ? {} : { authorization }),
    ...(jwt.requirement === undefined ? {} : { jwt: jwt.requirement }),
    ...(filter.filter === undefined ? {} : { ipFilter: filter.filter }),
    ...(limit.limit === undefined ? {} : { localRateLimit: limit.limit }),
    ...(global.limit === undefined ? {} : { rateLimit: global.limit }),
  };
}

function refuse(context: RouteContext, field: string, reason: string, problem: string): void {
  complain(context, "error", field, { type: "RouteError", reason, message: `${problem}, so this route answers 503` });
}

function actionOf(
  route: ProxyRoute,
  match: IrMatch,
  host: IrForward["hostRewrite"],
  context: RouteContext,
): IrRoute["action"] | undefined {
  const { services, requestRedirectPolicy: redirect, directResponsePolicy: direct } = route;
  const given = [
    services.length > 0 ? "services" : [],
    redirect && "requestRedirectPolicy",
    direct && "directResponsePolicy",
  ]
    .flat()
    .filter((name) => name !== undefined);
  if (given.length !== 1) {
    const found = given.length === 0 ? "nothing" : given.join(" and ");
    const words = `${found} says what becomes of requests, expected exactly one of services, requestRedirectPolicy, directResponsePolicy`;
    refuse(context, "", "RouteActionCountNotValid", words);
    return undefined;
  }
  if (redirect !== undefined) return redirectOf(redirect, match, context);
  if (direct !== undefined) return directResponse(direct, context);
  return forward(route, match, host, context);
}

/** What Envoy takes as a body in a route (RouteConfiguration.max_direct_response_body_size_bytes, where nothing is said). */
const LONGEST_BODY = 4096;

function directResponse(
  { statusCode, body = "" }: NonNullable<ProxyRoute["directResponsePolicy"]>,
  context: RouteContext,
): IrDirectResponse | undefined {
  const length = Buffer.byteLength(body);
  if (length <= LONGEST_BODY) return { type: "respond", status: statusCode, body };
  const problem = `the body has ${length} bytes, and ${LONGEST_BODY} is the most`;
  refuse(context, "directResponsePolicy.body", "DirectResponsePolicyNotValid", problem);
  return undefined;
}

function redirectOf(
  { scheme, hostname, port, path, prefix, statusCode }: NonNullable<ProxyRoute["requestRedirectPolicy"]>,
  match: IrMatch,
  context: RouteContext,
): IrRedirect | undefined {
  if (path !== undefined && prefix !== undefined) {
    refuse(context, "requestRedirectPolicy", "RequestRedirectPolicy", "both path and prefix are given");
    return undefined;
  }
  return {
    type: "redirect",
    ...(scheme === undefined ? {} : { scheme }),
    ...(hostname === undefined ? {} : { host: hostname }),
    port,
    ...(path === undefined ? {} : { path: { type: "full", value: path } }),
    ...(prefix === undefined ? {} : { path: redirectPrefix(match, prefix) }),
    status: statusCode,
  };
}

function forward(
  route: ProxyRoute,
  match: IrMatch,
  host: IrForward["hostRewrite"],
  context: RouteContext,
): IrForward | IrDirectResponse | undefined {
  const rewrite = pathRewrite(route.pathRewritePolicy, match);
  if ("problem" in rewrite) {
    const { message, reason, fix } = rewrite.problem;
    const words = {
      type: "PrefixReplaceError",
      reason,
      message: `${message}, so this route answers 503`,
      fix,
    } as const;
    complain(context, "error", "pathRewritePolicy", words);
  }
  const balancing = loadBalancing(route.loadBalancerPolicy);
  for (const message of balancing.ignored)
    complain(context, "warning", "loadBalancerPolicy", { type: "SpecError", reason: "IgnoredField", message });
  const check = healthCheck(route.healthCheckPolicy);
  if ("problem" in check) {
    const message = `${check.problem}, so its services are not checked`;
    complain(context, "error", "healthCheckPolicy", {
      type: "RouteError",
      reason: "HealthCheckPolicyInvalid",
      message,
    });
  }
  const strange = route.retryPolicy?.retriableStatusCodes.filter((code) => !isStatusCode(code)) ?? [];
  if (strange.length > 0) {
    const message = `${strange.join(", ")}: no status of an answer (100 to 599), so it is passed over`;
    const field = "retryPolicy.retriableStatusCodes";
    complain(context, "warning", field, { type: "SpecError", reason: "IgnoredField", message });
  }
  const idleConnection = timeLimit(route.timeoutPolicy?.idleConnection);
  const variation: UpstreamVariation = {
    ...(balancing.policy === undefined ? {} : { loadBalancing: balancing.policy }),
    ...("problem" in check || check.check === undefined ? {} : { healthCheck: check.check }),
    ...(idleConnection === undefined ? {} : { idleTimeout: idleConnection }),
    ...(context.annotations.compression === undefined ? {} : { compression: context.annotations.compression }),
  };
  const cookies = cookieRewrites(route.cookieRewritePolicies);
  const wishes = {
    variation,
    host: host?.type === "literal" ? host.value : undefined,
    cookies: "problem" in cookies ? [] : cookies.cookies,
  };
  const { clusters, mirrors, fallbacks } = routeServices(route, wishes, context);
  if ("problem" in rewrite) return undefined;
  if (clusters === undefined) return NO_SERVICE;
  const { response, idle } = route.timeoutPolicy ?? {};
  const idleTimeout = timeLimit(idle);
  return {
    type: "forward",
    clusters,
    requestTimeout: timeLimit(response) ?? context.settings.requestTimeout,
    ...(idleTimeout === undefined ? {} : { idleTimeout }),
    retry: retry(route.retryPolicy, fallbacks),
    ...(mirrors.length === 0 ? {} : { mirrors }),
    ...(balancing.hash.length === 0 ? {} : { hash: balancing.hash }),
    ...(rewrite.rewrite === undefined ? {} : { pathRewrite: rewrite.rewrite }),
    ...(host === undefined ? {} : { hostRewrite: host }),
    websocket: route.enableWebsockets === true,
    ...internalRedirect(route.internalRedirectPolicy),
  };
}

function internalRedirect(policy: ProxyRoute["internalRedirectPolicy"]): Pick<IrForward, "internalRedirect"> {
  if (policy === undefined) return {};
  const {
    maxInternalRedirects: most,
    redirectResponseCodes: codes,
    allowCrossSchemeRedirect,
    denyRepeatedRouteRedirect,
  } = policy;
  const crossScheme = ({ Never: "never", SafeOnly: "safeOnly", Always: "always" } as const)[allowCrossSchemeRedirect];
  return {
    internalRedirect: {
      most: most === undefined ? undefined : bounded(most),
      codes,
      crossScheme,
      denyRepeatedRoute: denyRepeatedRouteRedirect === true,
    },
  };
}
