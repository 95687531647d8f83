import { isFailedCode } from "./code-class.ts";
import { durationWords, type FailedRequest, type FailureFacts, failureFacts } from "./failure-facts.ts";
import type { Why } from "./request-shown.ts";
import type { EndpointHealth } from "./table-rows.ts";
import { byStatus, DETAIL_REASONS } from "./reason-details.ts";
import { FLAG_REASONS } from "./reason-flags.ts";
import { type GatewayFacts, gatewayRow } from "./reason-gateway.ts";
import type { ReasonRow } from "./reason-row.ts";

/**
 * Why a request failed or was slow, for a person on call: what happened, what is known, what to do first. `endpoints` is
 * the health of each of its upstream's endpoints at that time; undefined when they are not known. `gateway`: what is known of the one
 * that the upstream is reached through. Undefined for a request that did neither.
 */
export function reason(
  request: FailedRequest,
  endpoints: readonly EndpointHealth[] | undefined,
  gateway?: GatewayFacts,
): Why | undefined {
  const facts = failureFacts(request, endpoints, gateway);
  if (request.flags.length > 0 || isFailedCode(request.code)) return told(failureRow(facts), facts);
  if (request.kept === "slow") return told(SLOW, facts);
  return undefined;
}

function failureRow(facts: FailureFacts): ReasonRow {
  const { details, flags } = facts.request;
  const behind = gatewayRow(facts);
  if (behind !== undefined) return behind;
  const detailed = DETAIL_REASONS.find((row) => row.details.test(details));
  const flagged = FLAG_ORDER.find(([flag]) => flags.includes(flag))?.[1];
  if (flagged === undefined || detailed === undefined) return flagged ?? detailed ?? UNKNOWN;
  // Details are the sharper word, except those that only say who answered. Retries that are used up explain least of all.
  return !WHO_ANSWERED.has(details) || flagged === FLAG_REASONS.URX ? detailed : flagged;
}

const WHO_ANSWERED: ReadonlySet<string> = new Set(["via_upstream", "direct_response"]);
const FLAG_ORDER: readonly (readonly [flag: string, row: ReasonRow])[] = Object.entries(FLAG_REASONS);

function told(row: ReasonRow, facts: FailureFacts): Why {
  return { side: row.side, summary: row.summary(facts), detail: row.detail(facts), nextStep: row.nextStep(facts) };
}

/** A flag or detail that is newer than the tables: Envoy's words are all there is. */
const UNKNOWN: ReasonRow = {
  side: "appliance",
  summary: byStatus,
  detail: ({ request }) =>
    `Envoy says: ${[...request.flags, request.details].filter((word) => word !== "").join(", ") || "nothing"}`,
  nextStep: ({ object }) => `Look at Envoy's log at this time with the request id, and at the status of ${object}`,
};

const PHASE_WORDS = {
  waiting: {
    side: "client",
    spent: "before it was sent upstream (a slow upload, or Envoy itself)",
    nextStep: () => "Compare with other requests of the same client; if all are slow here, look at Envoy's CPU",
  },
  connecting: {
    side: "upstream",
    spent: "waiting for a connection",
    nextStep: ({ service }: FailureFacts) =>
      `Are connections to ${service} at their limit, or slow to open (TLS, network)? Look at its connections and circuit breakers`,
  },
  upstream: {
    side: "upstream",
    spent: "waiting for the first byte of the answer",
    nextStep: ({ endpoint }: FailureFacts) =>
      `Compare the endpoints: is ${endpoint} alone slow, or all of them? Then look at its log and load`,
  },
  transfer: {
    side: "upstream",
    spent: "sending the answer",
    nextStep: () => "A large answer, a slow upstream while it streams, or a slow client: compare bytes and clients",
  },
} as const;

const SLOW: ReasonRow = {
  side: "upstream",
  summary: ({ upstream, duration }) => `${upstream} took ${duration}`,
  detail: ({ request }) => {
    const [name, milliseconds] = longestPhase(request);
    return name === undefined
      ? "how it was spent is not known"
      : `${durationWords(milliseconds)} of it ${PHASE_WORDS[name].spent}`;
  },
  nextStep: (facts) => {
    const [name] = longestPhase(facts.request);
    return PHASE_WORDS[name ?? "upstream"].nextStep(facts);
  },
};

function longestPhase({ phases }: FailedRequest): readonly [keyof typeof PHASE_WORDS | undefined, number] {
  let longest: keyof typeof PHASE_WORDS | undefined;
  for (const name of ["waiting", "connecting", "upstream", "transfer"] as const) {
    if ((phases[name] ?? -1) > (longest === undefined ? -1 : (phases[longest] ?? -1))) longest = name;
  }
  return [longest, longest === undefined ? 0 : (phases[longest] ?? 0)];
}
