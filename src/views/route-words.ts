import type { IrPolicies } from "#translate/ir-policies.ts";
import type { IrForward, IrHeaderChanges, IrRoute } from "#translate/ir-route.ts";
import { policyWords } from "./explain-policies.ts";

/**
 * What a route does to requests, in the order in which it happens: what may refuse them, what is changed, how long they are
 * waited for, what is tried again. Values of headers are not shown: one may be a secret.
 */
export function routeWords(
  route: IrRoute,
  hostPolicies: IrPolicies | undefined,
  cluster: (name: string) => string,
): readonly string[] {
  const { action, requestHeaders, responseHeaders } = route;
  const policies = { ...hostPolicies, ...route.policies };
  return [
    ...policyWords(policies, cluster),
    ...headerSteps("request", requestHeaders),
    ...(action.type === "forward" ? forwardSteps(route, action) : []),
    ...headerSteps("response", responseHeaders),
    ...cookieSteps(policies),
  ];
}

function forwardSteps({ match }: IrRoute, forward: IrForward): string[] {
  const { pathRewrite, hostRewrite, requestTimeout, idleTimeout, retry, hash, websocket, internalRedirect } = forward;
  const tries = retry.on === "" || retry.attempts === 0 ? undefined : retry;
  return [
    ...(pathRewrite === undefined ? [] : [pathWords(pathRewrite, match.path.value)]),
    ...(hostRewrite === undefined
      ? []
      : [
          hostRewrite.type === "literal"
            ? `upstreams see the host ${hostRewrite.value}`
            : `upstreams see as host the value of header ${hostRewrite.name}`,
        ]),
    ...(hash === undefined || hash.length === 0
      ? []
      : [`the endpoint is chosen by ${hash.map(hashWords).join(", then by ")}`]),
    requestTimeout === 0 ? "the answer may take any time" : `the whole answer has ${seconds(requestTimeout)}`,
    ...(idleTimeout === undefined
      ? []
      : [idleTimeout === 0 ? "silence ends nothing" : `it ends after ${seconds(idleTimeout)} of silence`]),
    ...(tries === undefined ? ["nothing is tried again"] : [retryWords(tries)]),
    ...(websocket === false ? ["upgrades to WebSocket are refused"] : []),
    ...(internalRedirect === undefined
      ? []
      : [
          `redirects of the upstream (${internalRedirect.codes.join(", ")}) are followed by Envoy, at most ${internalRedirect.most ?? 1}`,
        ]),
  ];
}

function pathWords(rewrite: NonNullable<IrForward["pathRewrite"]>, prefix: string): string {
  if (rewrite.type === "prefix") return `the path's ${prefix} becomes ${rewrite.value}`;
  return `what ${rewrite.pattern} matches of the path becomes ${rewrite.substitution}`;
}

function hashWords(hash: NonNullable<IrForward["hash"]>[number]): string {
  switch (hash.source) {
    case "address":
      return "the client's address";
    case "header":
    case "query":
    case "cookie":
      return `${hash.source === "query" ? "query parameter" : hash.source} ${hash.name}`;
  }
}

function retryWords({ on, attempts, perTryTimeout, statusCodes = [], nextPriority }: IrForward["retry"]): string {
  const codes = statusCodes.length === 0 ? "" : ` (${statusCodes.join(", ")})`;
  const each = perTryTimeout === undefined ? "" : `, each within ${seconds(perTryTimeout)}`;
  const where = nextPriority === true ? ", at an endpoint of the next priority" : "";
  return `tried again up to ${attempts} ${attempts === 1 ? "time" : "times"} after ${on.replaceAll(",", ", ")}${codes}${each}${where}`;
}

function headerSteps(what: "request" | "response", changes: IrHeaderChanges | undefined): string[] {
  if (changes === undefined) return [];
  const { set, remove } = changes;
  return [
    ...(remove.length === 0 ? [] : [`headers are taken from the ${what}: ${remove.join(", ")}`]),
    ...(set.length === 0 ? [] : [`headers are set in the ${what}: ${set.map(({ name }) => name).join(", ")}`]),
  ];
}

function cookieSteps({ cookies = [] }: IrPolicies): string[] {
  return cookies.length === 0
    ? []
    : [`cookies of the response are rewritten: ${cookies.map(({ name }) => name).join(", ")}`];
}

function seconds(milliseconds: number): string {
  return milliseconds % 1000 === 0 ? `${milliseconds / 1000} s` : `${milliseconds} ms`;
}
