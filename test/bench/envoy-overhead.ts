import assert from "node:assert/strict";
import { availableParallelism } from "node:os";
import { httpGet } from "../integration/support/http-get.ts";
import { freePorts } from "../integration/support/free-port.ts";
import { temporaryDirectory } from "../integration/support/temp-dir.ts";
import { until } from "../integration/support/until.ts";
import { answeringEnvoy, forwardingEnvoy, startBareEnvoy } from "./bare-envoy.ts";
import { ingressShape } from "./ingress-shape.ts";
import { LiveViewers } from "./live-viewers.ts";
import { type OtherProxy, startHaproxy, startNginx } from "./other-proxies.ts";
import { Poller } from "./poller.ts";
import { exactCpuMillis, runOn } from "./process-cost.ts";
import { atMost, median, type Report } from "./report.ts";
import { RunningAppliance } from "./running-appliance.ts";
import { SteadyRate } from "./steady-rate.ts";
import { Wrk } from "./wrk.ts";

const HOST = ingressShape.hostName(0);
const BODY = "ok\n";
const RUNS = 5;
/** Of each run, a second each: what else a machine does changes faster than a run is long. */
const SLICES = 16;
/** Until the shares of what is logged have settled. */
const WARM_UP = 8;
const CONNECTIONS = 32;
/**
 * Requests a second of each connection, 4,000 together. A load that waits for its answers would send the slower one less, and
 * the fewer requests a proxy finds when it wakes up, the more it works for each.
 */
const RATE = 125;
const VIEWERS = 10;

/** Something that forwards requests, with the CPU that it has used so far in milliseconds. */
interface Proxy {
  readonly port: number;
  readonly cpuMillis: () => number;
}

interface Comparison {
  /** Microseconds a request. */
  readonly observed: number;
  readonly bare: number;
  readonly ratio: number;
}

/** Bare Envoy and the appliance side by side, as one run has them. */
interface Pair {
  readonly bare: Proxy;
  readonly observed: Proxy;
  readonly appliance: RunningAppliance;
}

/**
 * What the appliance's observability costs Envoy: CPU per request of the appliance's Envoy against that of one without
 * a control plane and without any logging. Each run has processes of its own: where a process comes to lie in memory makes
 * some percent, for as long as it lives. All answers have to be right before a time is told.
 */
export async function run(report: Report): Promise<void> {
  if (availableParallelism() > 1) runOn(0, process.pid);
  await using stack = new AsyncDisposableStack();
  const directory = stack.use(await temporaryDirectory("bench")).path;
  const [upstream = 0] = await freePorts(1);
  const [rate, wrk] = [await SteadyRate.find(), await Wrk.find()];
  stack.use(await startBareEnvoy(directory, "upstream", answeringEnvoy(upstream, BODY), ["--concurrency", "1"]));
  const alone: Comparison[] = [];
  const watched: Comparison[] = [];
  for (let index = 0; index < RUNS; index++) {
    await using parts = new AsyncDisposableStack();
    const pair = await startPair(directory, upstream, parts);
    for (let warm = 0; warm < WARM_UP; warm++) await costOf(rate, pair.observed);
    await costOf(rate, pair.bare);
    alone.push(await compare(rate, pair));
    await countedAll(pair.appliance);
    using viewers = await LiveViewers.open(VIEWERS, await pair.appliance.api());
    for (let warm = 0; warm < WARM_UP; warm++) await costOf(rate, pair.observed);
    watched.push(await compare(rate, pair));
    const isLast = index === RUNS - 1;
    if (isLast) tell(report, alone, watched);
    if (isLast) await saturate(wrk, `Binnacle with ${VIEWERS} live views`, pair.observed, report);
    assert.equal(viewers.open, VIEWERS, "all live views stay open");
    assert.ok(viewers.bytes > 0, "and are sent something");
    viewers[Symbol.dispose]();
    if (!isLast) continue;
    await saturate(wrk, "Binnacle", pair.observed, report);
    await saturate(wrk, "Envoy without observability", pair.bare, report);
  }
  for (const [name, start] of [
    ["HAProxy", startHaproxy],
    ["nginx", startNginx],
  ] as const) {
    // Only now: a port that is free for minutes may be a client's by then.
    const [port = 0] = await freePorts(1);
    await compareWith(name, await start(directory, port, upstream), port, { rate, wrk }, report);
  }
}

async function startPair(directory: string, upstream: number, parts: AsyncDisposableStack): Promise<Pair> {
  const [port = 0] = await freePorts(1);
  const bareEnvoy = parts.use(await startBareEnvoy(directory, "bare", forwardingEnvoy(port, HOST, upstream)));
  const manifest = ingressShape.manifest(0, { port: upstream, addresses: ["127.0.0.1"] });
  const appliance = parts.use(await RunningAppliance.start([["app.yaml", manifest]], upstream, { monitoring: true }));
  await isRight(appliance.httpPort);
  await isRight(port);
  const envoy = await appliance.envoyPid();
  apart([bareEnvoy.pid, envoy]);
  return {
    bare: { port, cpuMillis: () => bareEnvoy.cpuMillis() },
    observed: { port: appliance.httpPort, cpuMillis: () => exactCpuMillis(envoy) },
    appliance,
  };
}

async function compare(rate: SteadyRate, proxies: Pair): Promise<Comparison> {
  const slices: { readonly [which in "observed" | "bare"]: number[] } = { observed: [], bare: [] };
  for (let slice = 0; slice < SLICES; slice++) {
    // Turn about, so that a machine that grows faster or slower in between favours neither. (Not at once: two that take turns
    // on a CPU empty each other's caches, which no proxy of a real machine has to bear.)
    for (const which of slice % 2 === 0 ? (["bare", "observed"] as const) : (["observed", "bare"] as const)) {
      slices[which].push(await costOf(rate, proxies[which]));
    }
  }
  // Of pairs that lie next to each other: a machine that is taken away for a second, as a virtual one is, spoils only these.
  const ratio = median(slices.observed.map((cost, index) => cost / slices.bare[index]!));
  return { observed: median(slices.observed), bare: median(slices.bare), ratio };
}

function tell(report: Report, alone: readonly Comparison[], watched: readonly Comparison[]): void {
  const middle = (runs: readonly Comparison[], of: keyof Comparison) => median(runs.map((each) => each[of]));
  report(atMost("Envoy's CPU per request, observed against bare", middle(alone, "ratio"), "times", 1.05));
  report(atMost(`the same with ${VIEWERS} live views open`, middle(watched, "ratio"), "times", 1.08));
  for (const [name, of] of [
    ["smallest", Math.min],
    ["largest", Math.max],
  ] as const) {
    report({ name: `the ${name} of ${RUNS} runs`, value: of(...alone.map(({ ratio }) => ratio)), unit: "times" });
  }
  report({ name: "Envoy without observability: CPU per request", value: middle(alone, "bare"), unit: "µs" });
  report({ name: "Binnacle: CPU per request", value: middle(alone, "observed"), unit: "µs" });
  report({
    name: `Binnacle with ${VIEWERS} live views: CPU per request`,
    value: middle(watched, "observed"),
    unit: "µs",
  });
}

/**
 * Gives the proxies a CPU of their own, away from load generator, upstream and control plane: what these do to the caches is
 * no cost of Envoy's, and differs from second to second.
 */
function apart(proxies: readonly number[]): void {
  if (availableParallelism() < 2) return;
  for (const proxy of proxies) runOn(1, proxy);
}

/** For the reader's orientation: these do less, and no gate depends on them. */
async function compareWith(
  name: string,
  other: OtherProxy,
  port: number,
  { rate, wrk }: { readonly rate: SteadyRate; readonly wrk: Wrk },
  report: Report,
): Promise<void> {
  if ("reason" in other) {
    process.stderr.write(`${name} is left out: ${other.reason}\n`);
    return;
  }
  await using program = other.program;
  await isRight(port);
  const proxy: Proxy = { port, cpuMillis: () => program.cpuMillis() };
  apart([program.pid, ...program.children()]);
  await costOf(rate, proxy);
  const slices: number[] = [];
  for (let slice = 0; slice < SLICES; slice++) slices.push(await costOf(rate, proxy));
  report({ name: `${name}: CPU per request`, value: median(slices), unit: "µs" });
  await saturate(wrk, name, proxy, report);
}

async function isRight(port: number): Promise<void> {
  using poller = new Poller(port);
  await poller.untilAnswered(HOST, 50);
  for (let request = 0; request < 50; request++) {
    const { status, body } = await httpGet({ port }, "/", { host: HOST });
    assert.deepEqual({ status, body }, { status: 200, body: BODY });
  }
}

/** A second of steady load; microseconds of CPU a request. */
async function costOf(rate: SteadyRate, proxy: Proxy): Promise<number> {
  const before = proxy.cpuMillis();
  const requests = await rate.run({ port: proxy.port, host: HOST, seconds: 1, connections: CONNECTIONS, rate: RATE });
  return ((proxy.cpuMillis() - before) * 1000) / requests;
}

/** As many requests as the connections take, and how long they wait then. */
async function saturate(wrk: Wrk, name: string, { port }: Proxy, report: Report): Promise<void> {
  const load = await wrk.run({ port, host: HOST, seconds: 5, connections: CONNECTIONS });
  assert.equal(load.lost, 0, "every request under load is answered");
  report({ name: `${name}: requests a second, ${CONNECTIONS} connections`, value: load.perSecond, unit: "/s" });
  report({ name: `${name}: p99`, value: load.p99, unit: "ms" });
}

/** Waits for the requests that were cut off when their client ended. Throws when some are never in the exact totals. */
async function countedAll(appliance: RunningAppliance): Promise<void> {
  await until(() => totals(appliance), {
    accept: ({ served, logged }) => served === logged,
    what: "the exact totals to hold every request that the listener counted",
  });
}

/** Requests as Envoy's listener counts them, and as its access log does. */
async function totals({ statsPort }: RunningAppliance): Promise<{ readonly served: number; readonly logged: number }> {
  const { body } = await httpGet({ port: statsPort }, "/stats/prometheus");
  const sum = (metric: string, label: string): number =>
    body
      .split("\n")
      .filter((line) => line.startsWith(`${metric}{`) && line.includes(label))
      .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(" "))), 0);
  return {
    served: sum("envoy_http_downstream_rq_total", 'envoy_http_conn_manager_prefix="http"'),
    logged: sum("envoy_binnacle_requests", ""),
  };
}
