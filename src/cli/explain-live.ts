import { randomBytes } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import type { Explanation, ExplainQuestion } from "#api/ports/explain.ts";
import type { Pin, SamplingState } from "#traffic/messages.ts";
import type { RequestRow } from "#traffic/request-shown.ts";
import { formatUpstream } from "#traffic/upstream.ts";
import { type ApiClient } from "./api-client.ts";
import { CommandError } from "./context.ts";
import { answerDifferences, type AnswerHeaders, answerWords } from "./explain-answer.ts";
import { sendRequest } from "./send-request.ts";

/** One real request, held against what was predicted of it. */
export interface LiveComparison {
  /** Empty: as predicted. */
  readonly differences: readonly string[];
  /** What came of it, in a line. */
  readonly request: string | undefined;
  readonly row: RequestRow | undefined;
}

/** Milliseconds: Envoy keeps entries a quarter of a second, and the view is a second old. */
const SEEN_WITHIN = 6_000;
const SAMPLED_WITHIN = 3_000;
const INTERVAL = 100;
const LOOK_INTERVAL = 250;

/**
 * Sends the request to the listener, finds it in the live feed by a trace id of its own, and compares. For as long as that
 * takes its host is pinned, so that it is among the requests that are shown; who may not pin relies on the sample.
 */
export async function liveComparison(
  question: ExplainQuestion,
  expected: Explanation,
  client: ApiClient,
  signal: AbortSignal,
): Promise<LiveComparison> {
  const { listener } = expected;
  if (listener === undefined)
    throw new CommandError("no listener takes the request", "see what `binnacle explain` says without --live");
  if (listener.proxyProtocol) {
    const words = `listener ${listener.name} takes connections with a PROXY header alone`;
    throw new CommandError(words, "name another with --listener, or ask without --live");
  }
  if (expected.tls?.clientCertificates === "required") {
    throw new CommandError("the host asks clients for certificates, and this one has none", "ask without --live");
  }
  if (expected.upstreams.length > 0 && expected.winner === undefined) {
    throw new CommandError("connections for this server name are not read as requests", "ask without --live");
  }
  const host = expected.host?.name ?? question.authority.replace(/:\d+$/, "");
  const pin = await client.post<Pin>("/traffic/pins", { target: { host }, seconds: 30 }).catch(() => undefined);
  try {
    if (pin !== undefined) await sampled(client, signal);
    const trace = randomBytes(16).toString("hex");
    const headers = [
      ...question.headers.filter(([name]) => name.toLowerCase() !== "traceparent"),
      ["traceparent", `00-${trace}-${randomBytes(8).toString("hex")}-01`],
    ] as const;
    const since = Date.now() - 1_000;
    const place = { address: reachable(listener.address, client.url), port: listener.port };
    const sent = await sendRequest(place, { ...question, headers }, signal);
    if ("failure" in sent) return unanswered(expected, sent.failure);
    const row = await found(trace, since, client, signal);
    if (row === undefined) {
      const why = `it was answered with ${sent.status}, and the live feed did not show it${pin === undefined ? ": not all requests are shown, and you may not pin" : ""}`;
      return { differences: [why], request: undefined, row: undefined };
    }
    const answer = answerHeaders(sent.headers);
    const differences = [...differencesOf(expected, row), ...answerDifferences(expected, row, answer)];
    return { differences, request: rowWords(row) + answerWords(answer), row };
  } finally {
    if (pin !== undefined) await client.delete(`/traffic/pins/${pin.id}`);
  }
}

function answerHeaders(headers: IncomingHttpHeaders): AnswerHeaders {
  return {
    altSvc: headers["alt-svc"],
    cacheControl: headers["cache-control"],
    contentEncoding: headers["content-encoding"],
    contentLength: headers["content-length"],
    contentType: headers["content-type"],
  };
}

/** A handshake that was to fail, and did. */
function unanswered(expected: Explanation, failure: string): LiveComparison {
  const isExpected = expected.status === undefined && expected.winner === undefined;
  const request = `no answer: ${failure}`;
  return { differences: isExpected ? [] : [request], request, row: undefined };
}

async function sampled(client: ApiClient, signal: AbortSignal): Promise<void> {
  const until = Date.now() + SAMPLED_WITHIN;
  while (Date.now() < until) {
    const { sample } = await client.get<SamplingState>("/traffic/sampling");
    if (sample === 1) break;
    await pause(INTERVAL, undefined, { signal });
  }
  // What the control plane has told Envoy is on its way.
  await pause(INTERVAL, undefined, { signal });
}

async function found(
  trace: string,
  since: number,
  client: ApiClient,
  signal: AbortSignal,
): Promise<RequestRow | undefined> {
  const until = Date.now() + SEEN_WITHIN;
  while (Date.now() < until) {
    const rows = await client.lines<RequestRow>(`/traffic/requests?from=${since}&limit=1000`);
    const row = rows.find(({ traceId }) => traceId === trace);
    if (row !== undefined) return row;
    await pause(LOOK_INTERVAL, undefined, { signal });
  }
  return undefined;
}

/** What Envoy says of a request that the prediction says otherwise. */
export function differencesOf(expected: Explanation, row: RequestRow): string[] {
  const { winner, status, upstreams } = expected;
  const differences: string[] = [];
  const compare = (what: string, predicted: string, seen: string): void => {
    if (predicted !== seen) differences.push(`${what}: predicted ${predicted || "none"}, and it was ${seen || "none"}`);
  };
  compare("route", winner?.route ?? "", row.route);
  if (winner !== undefined) {
    compare("host", winner.host, row.host);
    compare("object", refWords(winner.owner), refWords(row.owner));
  }
  // Filters answer before routes do: their answers are no difference in routing, and are told by the row.
  const isRouted = winner === undefined || row.details === "direct_response" || row.details === "via_upstream";
  if (status !== undefined && isRouted) compare("status", String(status), String(row.code));
  if (row.upstream !== undefined && winner !== undefined) {
    const { backend, namespace, service, port } = row.upstream;
    const seen = `${backend}/${namespace}/${service}/${port}`;
    const predicted = upstreams
      .filter(({ share }) => share > 0)
      .map((one) => `${one.backend}/${one.namespace}/${one.service}/${one.port}`);
    if (!predicted.includes(seen)) compare("upstream", predicted.join(" or "), seen);
  }
  return differences;
}

function refWords(
  ref: { readonly kind: string; readonly namespace: string; readonly name: string } | undefined,
): string {
  return ref === undefined ? "" : `${ref.kind} ${ref.namespace}/${ref.name}`;
}

function rowWords({ code, duration, route, endpoint, fallback, attempts, why, requestId }: RequestRow): string {
  const instead = fallback === undefined ? "" : ` of ${formatUpstream(fallback)}, which takes over`;
  const where = endpoint === undefined ? "" : ` from ${endpoint}${instead}`;
  const tries = attempts > 1 ? ` after ${attempts} attempts` : "";
  const reason = why === undefined ? "" : ` (${why.summary})`;
  return `${code}${where}${tries} in ${Math.round(duration)} ms by ${route === "" ? "no route" : `route ${route}`}${reason}, x-request-id ${requestId}`;
}

/** An address that means all of a machine's is found where its API is. */
function reachable(address: string, api: string): string {
  if (address !== "0.0.0.0" && address !== "::") return address;
  return new URL(api).hostname.replace(/^\[(.*)\]$/, "$1");
}
