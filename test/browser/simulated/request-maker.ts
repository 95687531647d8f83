import type { KeptBecause, RequestRow } from "#traffic/request-shown.ts";
import type { Phases } from "#traffic/table-rows.ts";
import type { RandomTraffic } from "./random-traffic.ts";
import { AGENTS, CLIENTS, CLUSTERS, type SimulatedRoute } from "./world.ts";
import { sameUpstream } from "./passes.ts";

/** Of ordinary requests one in this many is shown. */
export const SAMPLE = 5;
const SLOW = 1000;

/** Makes one request on `route`, as the access log would tell it. */
export function makeRequest(route: SimulatedRoute, id: number, time: number, random: RandomTraffic): RequestRow {
  const failed = route.failures.find(({ chance }) => random.next() < chance)?.failure;
  const cluster = CLUSTERS.find(
    ({ upstream }) => route.upstream !== undefined && sameUpstream(upstream, route.upstream),
  );
  const serving = cluster?.endpoints.filter(({ health }) => health === "healthy") ?? [];
  const endpoint =
    failed?.flags.includes("UH") === true || serving.length === 0 ? undefined : random.pick(serving).address;
  const isSlow = failed === undefined && random.next() < 0.004;
  const duration = round(
    failed?.flags.includes("UT") === true ? 15_000 : random.logNormal(route.latency * (isSlow ? 60 : 1), 0.5),
  );
  const kept: KeptBecause = failed !== undefined ? "failure" : duration >= SLOW ? "slow" : "sample";
  const code = failed?.code ?? (route.upstream === undefined ? 301 : random.next() < route.notFound ? 404 : 200);
  const place =
    route.upstream === undefined ? "the appliance" : `${route.upstream.namespace}/${route.upstream.service}`;
  const slowWhy = {
    summary: `${place} took ${(duration / 1000).toFixed(1)} s`,
    detail: `Nearly all of it passed until the first byte of the answer of ${endpoint ?? place}.`,
    nextStep: `Compare the endpoints of ${place}: is one slower than the others?`,
    side: "upstream" as const,
  };
  const why = failed?.why ?? (kept === "slow" ? slowWhy : undefined);
  return {
    id,
    time,
    envoy: "binnacle-1",
    listener: route.listener,
    method: random.pick(route.methods),
    authority: route.host.replace("*", "www"),
    path: random.pick(route.paths),
    protocol: route.listener === "https" ? "HTTP/2" : "HTTP/1.1",
    code,
    flags: failed?.flags ?? [],
    details: failed?.details ?? (route.upstream === undefined ? "direct_response" : "via_upstream"),
    transportFailure: failed?.transportFailure ?? "",
    host: route.host,
    route: route.route,
    owner: route.owner,
    ...(route.upstream === undefined ? {} : { upstream: route.upstream }),
    ...(endpoint === undefined ? {} : { endpoint }),
    attempts: endpoint === undefined ? 0 : failed?.flags.includes("URX") === true ? 2 : 1,
    duration,
    phases: phasesOf(duration, endpoint !== undefined),
    bytesIn: Math.round(300 + random.next() * 700),
    bytesOut: Math.round(random.logNormal(4000, 1)),
    client: random.pick(CLIENTS),
    userAgent: random.pick(AGENTS),
    requestId: `5f1c${id.toString(16).padStart(8, "0")}-a3d0-4b77-9e21-7b0d`,
    kept,
    weight: kept === "sample" ? SAMPLE : 1,
    ...(why === undefined ? {} : { why }),
  };
}

function phasesOf(duration: number, hasUpstream: boolean): Phases {
  if (!hasUpstream) return { waiting: round(duration) };
  const upstream = round(duration * 0.86);
  const connecting = round(duration * 0.05);
  const waiting = round(duration * 0.02);
  return { waiting, connecting, upstream, transfer: round(duration - upstream - connecting - waiting) };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
