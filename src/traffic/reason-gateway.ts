import type { FailureFacts } from "./failure-facts.ts";
import type { GatewayFailure } from "./gateway-failures.ts";
import { type ReasonRow, withHealth } from "./reason-row.ts";
import type { EndpointHealth } from "./table-rows.ts";

/** What is known of the gateway that a request's connection went through, or should have. */
export interface GatewayFacts {
  readonly backend: string;
  /** Of its addresses; undefined when they are not known. */
  readonly addresses: readonly EndpointHealth[] | undefined;
  /** What it failed at lately: for the request's endpoint, where it had one. */
  readonly failure: GatewayFailure | undefined;
}

/** Flags of connections that were not made, or ended before the answer; UH, where no endpoint passes its check any more. */
const FLAGS: ReadonlySet<string> = new Set(["UF", "UC", "UH", "URX"]);

/** The row for a request that failed because of its backend's gateway, or may have; undefined: it did not. */
export function gatewayRow({ request, gateway }: FailureFacts): ReasonRow | undefined {
  if (gateway === undefined || !request.flags.some((flag) => FLAGS.has(flag))) return undefined;
  const { failure, addresses } = gateway;
  const isDown = addresses !== undefined && addresses.length > 0 && !addresses.includes("healthy");
  if (isDown || (failure !== undefined && failure.answer === undefined)) return unreachable(failure);
  if (failure?.answer !== undefined) return answered(failure.answer, failure.endpoint);
  return request.flags.includes("UC") ? CUT : undefined;
}

const name = ({ gateway }: FailureFacts): string => `the gateway of backend ${gateway?.backend ?? ""}`;

function unreachable(failure: GatewayFailure | undefined): ReasonRow {
  const words = failure?.transportFailure ?? "";
  return {
    side: "upstream",
    summary: (facts) => `${upper(name(facts))} cannot be reached`,
    detail: (facts) =>
      withHealth(`${facts.upstream} is reached through it alone${words === "" ? "" : ` (“${words}”)`}`, facts),
    nextStep: (facts) =>
      `Is ${name(facts)} up, and may the appliance reach it? Whoever runs the appliance sees its address (\`binnacle backends show ${facts.gateway?.backend ?? ""}\`)`,
  };
}

function answered(status: number | "none", endpoint: string): ReasonRow {
  const refused = status === 403 || status === 407 || status === 405;
  return {
    side: "upstream",
    summary: (facts) =>
      refused
        ? `${upper(name(facts))} refused the connection to ${endpoint} (status ${status})`
        : `${upper(name(facts))} could not reach ${endpoint} (${status === "none" ? "it hung up" : `status ${status}`})`,
    detail: (facts) =>
      withHealth(
        `it ${status === "none" ? "gave no answer" : `answered ${status}`} to CONNECT, so ${facts.upstream} got nothing of the request`,
        facts,
      ),
    nextStep: (facts) =>
      refused
        ? `Let ${name(facts)} open connections to ${endpoint}: its rules say no`
        : `Is ${endpoint} up and listening, and may ${name(facts)} reach it? The log of the gateway says why not`,
  };
}

const CUT: ReasonRow = {
  side: "upstream",
  summary: ({ upstream }) => `${upstream} closed the connection without an answer`,
  detail: (facts) =>
    withHealth(
      `the connection to ${facts.endpoint} through ${name(facts)} ended while the request was under way`,
      facts,
    ),
  nextStep: (facts) =>
    `Look for crashes and restarts of ${facts.endpoint}, and of ${name(facts)}, which holds the connection in between`,
};

function upper(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}
