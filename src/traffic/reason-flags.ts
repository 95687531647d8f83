import { connectFailure } from "./reason-connect.ts";
import { type ReasonRow, withHealth } from "./reason-row.ts";

/**
 * Envoy's response flags (config/observability/access_log/usage, %RESPONSE_FLAGS%), in the order in which they explain: of
 * several flags the first of this table names the cause, the others its consequences.
 */
export const FLAG_REASONS = {
  NR: {
    side: "route",
    summary: ({ host, request }) =>
      request.host === "" ? `No object serves the host ${host}` : `No route for this path on ${host}`,
    detail: ({ request }) =>
      request.host === ""
        ? "no object that is in effect names this host, so there is no route to take"
        : "the host is served, but none of its routes matches this request",
    nextStep: ({ host, request }) =>
      request.host === ""
        ? `See whether clients ask for the right host; if they do, its object is missing, or refused: \`binnacle status\` lists what is wrong with objects`
        : `Compare the path and host with the objects that serve ${host}; if clients ask rightly, a rule is missing or was removed`,
  },
  NC: {
    side: "appliance",
    summary: ({ upstream }) => `The route points to a cluster that Envoy does not have${named(upstream)}`,
    detail: () => "the route was there before its cluster, or the cluster was removed while the route still used it",
    nextStep: ({ object }) =>
      `If it lasts longer than a few seconds, look at the status of ${object} and for refused pushes (NACK) in the markers`,
  },
  UH: {
    side: "upstream",
    summary: ({ upstream, endpoints }) =>
      endpoints === 0 ? `${upstream} has no endpoints` : `No healthy endpoint in ${upstream}`,
    detail: (facts) => withHealth("Envoy had nowhere to send the request", facts),
    nextStep: ({ service, endpoints }) =>
      endpoints === 0
        ? `Find out why ${service} selects no ready pod or address: is anything running, does the selector match, was it scaled to 0?`
        : `Look at the endpoints of ${service}: start or repair what fails; a change of its health check or a bad rollout is the usual cause`,
  },
  UO: {
    side: "upstream",
    summary: ({ first }) => `Circuit breaker open for ${first}`,
    detail: (facts) =>
      withHealth("more connections, waiting requests or requests were open at once than its limits allow", facts),
    nextStep: ({ service }) =>
      `Is ${service} slower than usual, so that requests pile up? Repair or scale it; raise its circuit-breaker limits only if it can take more`,
  },
  DO: {
    side: "appliance",
    summary: ({ upstream }) => `Dropped on purpose: load shedding is set for ${upstream}`,
    detail: () => "a part of its requests is dropped (drop_overloads)",
    nextStep: ({ service }) => `Ask who set load shedding for ${service}, and whether it is still needed`,
  },
  UDO: {
    side: "appliance",
    summary: ({ upstream }) => `Dropped on purpose: load shedding takes all requests of ${upstream}`,
    detail: () => "all of its requests are dropped (drop_overloads at 100 %)",
    nextStep: ({ service }) => `Ask who set load shedding for ${service}, and end it`,
  },
  OM: {
    side: "appliance",
    summary: () => "Envoy is overloaded and refused the request",
    detail: () => "the overload manager sheds load: memory or connections are at their limit",
    nextStep: () =>
      "Look at Envoy's memory and connections now; find the client or route whose traffic rose, or give it more",
  },
  RL: {
    side: "client",
    summary: ({ host }) => `Rate limit reached on ${host}`,
    detail: () => "the request was over the limit that is set for it",
    nextStep: ({ object }) =>
      `See top talkers for who sends so much; if it is wanted traffic, raise the limit in ${object}`,
  },
  RLSE: {
    side: "appliance",
    summary: () => "The rate-limit service did not answer",
    detail: () => "the request was refused because its limit could not be asked",
    nextStep: () => "Look at the rate-limit service's endpoints and its latency",
  },
  UAEX: {
    side: "client",
    summary: () => "Refused by external authorization",
    detail: ({ request }) => `the authorization service said no (status ${request.code})`,
    nextStep: ({ object }) =>
      `If it should be allowed, look at the authorization service's log with the request id, then at the authorization settings of ${object}`,
  },
  DF: {
    side: "upstream",
    summary: ({ upstream }) => `The name of ${upstream} could not be resolved`,
    detail: () => "DNS gave no address for the upstream's name",
    nextStep: ({ service }) =>
      `Resolve the external name of ${service} by hand from the appliance; look at its DNS servers`,
  },
  UF: {
    side: "upstream",
    summary: (facts) => connectFailure(facts).summary,
    detail: (facts) => withHealth(connectFailure(facts).detail, facts),
    nextStep: (facts) => connectFailure(facts).nextStep,
  },
  UT: {
    side: "upstream",
    summary: ({ upstream, duration }) => `${upstream} did not answer in time (${duration})`,
    detail: (facts) =>
      withHealth(`${facts.endpoint} took the request and did not finish within the route's timeout`, facts),
    nextStep: ({ endpoint, object }) =>
      `Is ${endpoint} alone slow, or all of them (compare the endpoints)? Look at its log and load; if such requests may take long, raise the timeout in ${object}`,
  },
  UC: {
    side: "upstream",
    summary: ({ upstream }) => `${upstream} closed the connection without an answer`,
    detail: (facts) =>
      withHealth(`${facts.endpoint} ended the connection while the request was under way${facts.attempts}`, facts),
    nextStep: ({ endpoint }) =>
      `Look for crashes and restarts of ${endpoint}; if it happens only on idle connections, its keep-alive time-out is shorter than Envoy's`,
  },
  UR: {
    side: "upstream",
    summary: ({ upstream }) => `${upstream} reset the request`,
    detail: (facts) => withHealth(`${facts.endpoint} refused the stream or reset it${facts.attempts}`, facts),
    nextStep: ({ endpoint }) =>
      `Look at the log of ${endpoint}: it gave up this request by itself (overload, limits, a bug)`,
  },
  UPE: {
    side: "upstream",
    summary: ({ upstream }) => `${upstream} answered something that is not valid HTTP`,
    detail: ({ request, endpoint }) =>
      request.code < 500
        ? `${endpoint} broke off in the middle of its answer, so the client got a part of it`
        : `Envoy could not read the answer of ${endpoint}`,
    nextStep: ({ service, endpoint }) =>
      `Does the port of ${service} speak the protocol that is set for it (HTTP/1.1, h2c, TLS)? Else look for crashes of ${endpoint}`,
  },
  LR: {
    side: "appliance",
    summary: ({ upstream }) => `Envoy reset the connection to ${upstream}`,
    detail: () => "the stream was reset on Envoy's side",
    nextStep: () => "If there are many, look at Envoy's log and for a push or a drain in the markers at that time",
  },
  UMSDR: {
    side: "upstream",
    summary: ({ upstream, duration }) => `The stream to ${upstream} was ended at its longest duration (${duration})`,
    detail: () => "the upstream's max_stream_duration was reached",
    nextStep: ({ object }) => `If streams may last longer, raise the limit that ${object} sets`,
  },
  SI: {
    side: "client",
    summary: ({ duration }) => `Nothing was sent for too long (${duration})`,
    detail: () => "neither side sent a byte within the stream's idle timeout",
    nextStep: ({ endpoint, object }) =>
      `A long poll or a stream without heartbeats? Let it send some, or raise the idle timeout of ${object}; else look why ${endpoint} stands still`,
  },
  DT: {
    side: "appliance",
    summary: () => "The connection reached its longest duration",
    detail: () => "the limit of a connection's or request's duration ended it",
    nextStep: () => "Clients that reconnect will not notice; raise the limit if these connections have to last longer",
  },
  DPE: {
    side: "client",
    summary: () => "The client sent something that is not valid HTTP",
    detail: ({ request }) => `the request was refused while it was read${inBrackets(request.details)}`,
    nextStep: () =>
      "Single ones are scanners; many from one client are a broken client or a protocol mix-up (HTTP on a TLS port)",
  },
  IH: {
    side: "client",
    summary: () => "The client sent an x-envoy-* header that is not allowed",
    detail: () => "strict header checking refused a value",
    nextStep: () => "Find the client by its address and agent, and take the header out there",
  },
  DC: {
    side: "client",
    summary: ({ duration }) => `The client went away after ${duration}`,
    detail: (facts) => withHealth("it closed its connection before the answer was complete", facts),
    nextStep: ({ upstream }) =>
      `A few are normal. Many, after about the same time, are a client time-out: then ${upstream} is too slow for it; look at its latency`,
  },
  DR: {
    side: "client",
    summary: ({ duration }) => `The client cancelled the request after ${duration}`,
    detail: () => "it reset the HTTP/2 stream (a closed tab, a cancelled call)",
    nextStep: ({ upstream }) =>
      `A few are normal. Many, after about the same time, are a client time-out: look at the latency of ${upstream}`,
  },
  NFCF: {
    side: "appliance",
    summary: () => "A filter's configuration was missing",
    detail: () => "an extension's configuration did not come from the control plane in time",
    nextStep: () => "Look at the control plane: is it connected, was a push refused?",
  },
  FI: {
    side: "appliance",
    summary: ({ request }) => `A fault was injected: status ${request.code}`,
    detail: () => "a test injects faults into this route",
    nextStep: ({ object }) => `If no test is meant to run, take the fault out of ${object}`,
  },
  DI: {
    side: "appliance",
    summary: () => "A delay was injected",
    detail: () => "a test injects delays into this route",
    nextStep: ({ object }) => `If no test is meant to run, take the fault out of ${object}`,
  },
  LH: {
    side: "appliance",
    summary: () => "Envoy answered that it is not healthy",
    detail: () => "the appliance's own health check is set to fail: it is being drained",
    nextStep: () => "Expected during a drain; else look who started one",
  },
  URX: {
    side: "upstream",
    summary: ({ upstream, request }) =>
      `${upstream} failed${request.attempts > 1 ? ` ${request.attempts} times in a row` : " and was not tried again"}`,
    detail: (facts) => withHealth("the retries that the route allows are used up", facts),
    nextStep: ({ service }) =>
      `Look at the single attempts' cause: the endpoints of ${service}, their health and their logs`,
  },
  RFCF: {
    side: "appliance",
    summary: () => "Answered from the cache",
    detail: () => "this is no failure",
    nextStep: () => "Nothing to do",
  },
} as const satisfies Readonly<Record<string, ReasonRow>>;

function named(upstream: string): string {
  return upstream === "the upstream" ? "" : `: ${upstream}`;
}

function inBrackets(text: string): string {
  return text === "" ? "" : ` (${text})`;
}
