import type { FailureFacts } from "./failure-facts.ts";
import { type ReasonRow, withHealth } from "./reason-row.ts";

/** A reason by Envoy's response code details, for what sets no flag or says more than its flag. */
export interface DetailRow extends ReasonRow {
  readonly details: RegExp;
}

const refused = (what: string, nextStep: string): Omit<DetailRow, "details"> => ({
  side: "client",
  summary: ({ request }) => `Refused before routing: ${what} (status ${request.code})`,
  detail: ({ request }) => `Envoy's own check refused the request (${request.details})`,
  nextStep: () => nextStep,
});

/** The first row whose expression matches (config/http/http_conn_man/response_code_details). */
export const DETAIL_REASONS: readonly DetailRow[] = [
  {
    details: /^direct_response$/,
    side: "route",
    summary: ({ request, object }) => DIRECT[request.code]?.summary ?? `${object} answers ${request.code} by itself`,
    detail: ({ request }) => DIRECT[request.code]?.detail ?? "the route has no upstream: its answer is part of it",
    nextStep: ({ request, object }) =>
      request.code === 421
        ? "The client has to open a new connection for this host; browsers do"
        : `See what the status of ${object} says: a reference that is missing or refused gets an answer of this kind`,
  },
  {
    details: /^upstream_per_try_timeout|^upstream_per_try_idle_timeout/,
    side: "upstream",
    summary: ({ upstream }) => `Each attempt at ${upstream} took too long`,
    detail: (facts) => withHealth(`the timeout of a single attempt passed${facts.attempts}`, facts),
    nextStep: ({ endpoint, object }) =>
      `Compare the endpoints: is ${endpoint} alone slow? Else raise the timeout of an attempt in ${object}`,
  },
  {
    details: /^request_overall_timeout$/,
    side: "client",
    summary: ({ duration }) => `The request was not complete after ${duration}`,
    detail: () => "the client did not send all of it within the request timeout",
    nextStep: () =>
      "A slow upload or a client that stalls: look at its address; raise the request timeout if it is wanted",
  },
  {
    details: /^request_header_timeout$/,
    ...refused(
      "its headers came too slowly",
      "Single ones are broken clients; many at once are an attack on connections",
    ),
  },
  {
    details: /^max_duration_timeout$/,
    side: "appliance",
    summary: ({ duration }) => `The stream was ended at its longest duration (${duration})`,
    detail: () => "max_stream_duration was reached",
    nextStep: ({ object }) => `If such streams may last longer, raise the limit of ${object}`,
  },
  {
    details: /^rbac_access_denied/,
    side: "client",
    summary: ({ host }) => `Refused by an access rule on ${host}`,
    detail: ({ request }) => `the rule says no (${request.details})`,
    nextStep: ({ object }) => `If the client should be allowed, correct the access rules of ${object}`,
  },
  {
    details: /^jwt_authn_access_denied/,
    side: "client",
    summary: () => "Refused: no valid token (JWT)",
    detail: ({ request }) => `the token is missing, has expired, or is not for here (${request.details})`,
    nextStep: () => "Let the client get a new token; if all fail at once, look at the issuer's keys",
  },
  {
    details: /^ext_authz_error/,
    side: "appliance",
    summary: () => "The authorization service could not be asked",
    detail: () => "it did not answer, so the request was refused",
    nextStep: () => "Look at the authorization service's endpoints and its latency",
  },
  {
    details: /^(local_|request_)?rate_limited|^too_many_requests/,
    side: "client",
    summary: ({ host }) => `Rate limit reached on ${host}`,
    detail: () => "the request was over the limit that is set for it",
    nextStep: ({ object }) =>
      `See top talkers for who sends so much; if it is wanted traffic, raise the limit in ${object}`,
  },
  {
    details: /^request_payload_too_large$/,
    ...refused("its body is too large", "Let the client send less, or raise the size limit"),
  },
  {
    details: /^response_payload_too_large$/,
    side: "upstream",
    summary: ({ upstream }) => `The answer of ${upstream} is too large to be buffered`,
    detail: () => "a filter keeps the whole answer, and it is larger than its buffer",
    nextStep: ({ object }) => `Raise the buffer for ${object}, or take the filter away from large answers`,
  },
  {
    details: /^(http[123]\.)?(request_)?(headers_too_large|too_many_headers|header_overflow)/,
    ...refused("its headers are too large", "Often cookies that grow: clear them, or raise the limit of headers"),
  },
  {
    details:
      /^(http1\.)?(missing_host|missing_path|absolute_path|path_normalization|invalid_path|invalid_url|low_version)/,
    ...refused("it is not a valid request", "Single ones are scanners; many from one client are a broken client"),
  },
  {
    details: /^http[123]\.unexpected_underscore/,
    ...refused(
      "a header has an underscore in its name",
      "Let the client use a hyphen; such headers are ambiguous upstream",
    ),
  },
  {
    details: /^(http[123]\.|codec_error|content_length|transfer_encoding)/,
    ...refused(
      "it breaks the HTTP protocol",
      "Single ones are scanners; many from one client are a broken client or proxy",
    ),
  },
  {
    details: /^upgrade_failed$/,
    ...refused("this upgrade is not allowed here", "Allow WebSocket upgrades on the route, if they are wanted"),
  },
  {
    details: /^overload/,
    side: "appliance",
    summary: () => "Envoy is overloaded and refused the request",
    detail: () => "the overload manager sheds load: memory or connections are at their limit",
    nextStep: () => "Look at Envoy's memory and connections now; find the client or route whose traffic rose",
  },
  {
    details: /^via_upstream$/,
    side: "upstream",
    summary: ({ upstream, request }) => `${upstream} answered ${answerWords(request)}`,
    detail: (facts) =>
      withHealth(`${facts.endpoint} gave this answer itself, after ${facts.duration}${facts.attempts}`, facts),
    nextStep: ({ endpoint }) =>
      `Look at the log of ${endpoint} at this time, with the request id; compare it with the other endpoints`,
  },
];

function answerWords({ code, grpcStatus }: FailureFacts["request"]): string {
  if (grpcStatus === undefined) return `${code}${STATUS_WORDS[code] ?? ""}`;
  return `${grpcStatus} (gRPC)`;
}

const STATUS_WORDS: Readonly<Record<number, string>> = {
  500: " (internal error)",
  501: " (not implemented)",
  502: " (bad gateway: something behind it failed)",
  503: " (unavailable)",
  504: " (time-out behind it)",
};

const DIRECT: Readonly<Record<number, { readonly summary: string; readonly detail: string }>> = {
  404: { summary: "No route for this request", detail: "the appliance answers 404 for what no object serves" },
  421: {
    summary: "The client asked for a host on another host's connection",
    detail: "the connection's certificate and rules are not those of this host (RFC 9110 §15.5.20)",
  },
  502: { summary: "The route includes an object that is missing", detail: "the appliance answers in its place" },
  503: { summary: "The route has no usable backend", detail: "the appliance answers in its place" },
};

/** What a status says when neither flag nor details are known. */
export function byStatus({ request, upstream, duration }: FailureFacts): string {
  return request.code === 0
    ? `The request ended without an answer after ${duration}`
    : `${upstream}: status ${request.code}`;
}
