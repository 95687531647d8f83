import { Backoff, type BackoffLimits } from "#lib/backoff.ts";
import { pause } from "#lib/pause.ts";
import type { Problem } from "#lib/problem.ts";
import type { DiscoveredService } from "./discovered.ts";
import type { DiscoveryReport } from "./discoverer.ts";
import { failureOf, type Fixes, PlatformError } from "./platform-error.ts";

export interface CycleTimes {
  /** Between the end of a cycle and the begin of the next, in milliseconds. */
  readonly interval: number;
  readonly retry: BackoffLimits;
}

/** Cycles of a platform that lies beyond a network: after a failure they are asked for sooner, and seldomer while it goes on. */
export function cycleTimes(interval: number): CycleTimes {
  return { interval, retry: { least: 1000, most: 60_000 } };
}

/** What a platform has that is asked for all of it again and again. */
export interface Cycle {
  readonly services: readonly DiscoveredService[];
  /** Scopes that were not read, of which what was known goes on. */
  readonly unread: readonly string[];
  readonly problems: readonly Problem[];
  /** Milliseconds before which part of the platform does not want to be asked again. */
  readonly retryAfter?: number;
}

/** Longer than that no platform is left alone, whatever it says. Milliseconds. */
const LONGEST_PUT_OFF = 600_000;

/** Asks for everything, tells it, waits, until told to stop. A cycle that throws is a failure of the platform. */
export async function runCycles(
  cycle: (signal: AbortSignal) => Promise<Cycle>,
  { interval, retry }: CycleTimes,
  fixes: Fixes,
  report: DiscoveryReport,
  signal: AbortSignal,
): Promise<void> {
  const backoff = new Backoff(retry);
  while (!signal.aborted) {
    const began = performance.now();
    try {
      const { problems, retryAfter = 0, ...set } = await cycle(signal);
      if (signal.aborted) return;
      backoff.reset();
      report.full({ ...set, millis: performance.now() - began });
      report.problems(problems);
      await pause(Math.max(interval, retryAfter), signal);
    } catch (error) {
      if (signal.aborted) return;
      report.failed(failureOf(error, fixes));
      await pause(backoff.next(putOff(error)), signal);
    }
  }
}

function putOff(error: unknown): number {
  return error instanceof PlatformError ? Math.min(error.retryAfter, LONGEST_PUT_OFF) : 0;
}

/** A part of a platform that can fail by itself: a region, a project. */
export interface Scope {
  readonly id: string;
  /** `region eu-west-1`. */
  readonly words: string;
  read(): Promise<Pick<Cycle, "services" | "problems">>;
}

/** All scopes side by side; one that cannot be read is its own problem. Throws the first error when none can be. */
export async function readScopes(scopes: readonly Scope[], fixes: Fixes, signal: AbortSignal): Promise<Cycle> {
  const read = await Promise.allSettled(scopes.map((scope) => scope.read()));
  signal.throwIfAborted();
  const services: DiscoveredService[] = [];
  const problems: Problem[] = [];
  const errors: { readonly scope: Scope; readonly error: unknown }[] = [];
  for (const [index, scope] of scopes.entries()) {
    const result = read[index]!;
    if (result.status === "fulfilled") {
      for (const service of result.value.services) services.push(service);
      problems.push(...result.value.problems);
    } else {
      errors.push({ scope, error: result.reason });
      problems.push(unread(scope, result.reason, fixes));
    }
  }
  if (errors.length > 0 && errors.length === scopes.length) throw errors[0]?.error;
  const retryAfter = Math.max(0, ...errors.map(({ error }) => putOff(error)));
  return { services, unread: errors.map(({ scope }) => scope.id), problems, retryAfter };
}

function unread({ words }: Scope, error: unknown, fixes: Fixes): Problem {
  const { message, fix } = failureOf(error, fixes);
  const told = `${words} cannot be read, so what was known of it goes on: ${message}`;
  return { severity: "error", path: "", message: told, ...(fix === undefined ? {} : { fix }) };
}
