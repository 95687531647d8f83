import { isDeepStrictEqual } from "node:util";
import type { DnsClient } from "#dns/dns-client.ts";
import { DnsError, type DnsErrorKind } from "#dns/dns-error.ts";
import { followAnswer, type RefreshTimes } from "#dns/follow-answer.ts";
import { errorMessage } from "#lib/error-message.ts";
import type { Problem } from "#lib/problem.ts";
import type { DiscoveredService } from "../discovered.ts";
import type { Discoverer, DiscoveryFailure, DiscoveryReport, FailureKind } from "../discoverer.ts";
import type { RefuseUpstream } from "../refuse-upstream.ts";
import { type AddressType, lookUp } from "./look-up.ts";
import { type DnsService, type Lookup, translateLookup } from "./translate.ts";

export interface DnsDiscovererOptions {
  readonly client: Pick<DnsClient, "ask">;
  readonly services: readonly DnsService[];
  readonly addressTypes: readonly AddressType[];
  readonly refuse: RefuseUpstream;
  readonly times: RefreshTimes;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** What is known of one service. */
interface Known {
  readonly service: DnsService;
  /** The last answer; undefined before there was one. */
  discovered: DiscoveredService | undefined;
  problems: readonly Problem[];
  /** When it was asked for last; milliseconds. */
  askedAt: number;
  /** Why there is no newer answer, and since when; undefined while there is. */
  failure: (DiscoveryFailure & { readonly since: number }) | undefined;
}

/**
 * Names in DNS as a platform: each is asked for again when its answer's time to live is over. One name without an answer is a
 * problem of its service, which goes on with the answer before; the platform has failed when no name has one.
 */
export class DnsDiscoverer implements Discoverer {
  readonly platform = "dns";
  readonly #options: DnsDiscovererOptions;

  constructor(options: DnsDiscovererOptions) {
    this.#options = options;
  }

  async run(report: DiscoveryReport, signal: AbortSignal): Promise<void> {
    const { client, services, addressTypes, times } = this.#options;
    const round = new Answers(report, this.#options);
    await Promise.all(
      services.map((service) => {
        const known = round.expect(service);
        const ask = (until: AbortSignal): Promise<Lookup> => {
          known.askedAt = performance.now();
          return lookUp(client, service, addressTypes, until);
        };
        return followAnswer(
          {
            ask,
            onAnswer: (lookup) => round.answered(known, lookup),
            onFailure: (error) => round.failed(known, error),
          },
          times,
          signal,
        );
      }),
    );
  }
}

/** Joins the answers of all names to what is told of the platform. */
class Answers {
  readonly #report: DiscoveryReport;
  readonly #options: DnsDiscovererOptions;
  readonly #all: Known[] = [];
  #isFullTold = false;
  #problems: readonly Problem[] = [];

  constructor(report: DiscoveryReport, options: DnsDiscovererOptions) {
    this.#report = report;
    this.#options = options;
  }

  expect(service: DnsService): Known {
    const known: Known = { service, discovered: undefined, problems: [], askedAt: 0, failure: undefined };
    this.#all.push(known);
    return known;
  }

  answered(known: Known, lookup: Lookup): void {
    const { service, problems } = translateLookup(known.service, lookup, this.#options.refuse);
    const isFirst = known.discovered === undefined;
    const isSame = isDeepStrictEqual(known.discovered, service);
    known.discovered = service;
    known.problems = problems;
    known.failure = undefined;
    // The first answer of a name that was told as unread makes everything known: what nobody names any more goes.
    if (!this.#isFullTold || isFirst) this.#tellFull(known.askedAt);
    else if (isSame) this.#report.inStep();
    else this.#report.changed([service], []);
    this.#tellProblems();
  }

  failed(known: Known, error: unknown): void {
    const since = known.failure?.since ?? this.#options.now();
    known.failure = { ...failureOf(error), since };
    if (this.#all.every(({ failure }) => failure !== undefined)) this.#report.failed(known.failure);
    else if (!this.#isFullTold) this.#tellFull(known.askedAt);
    this.#tellProblems();
  }

  /**
   * Everything, once each name has been answered or has failed.
   *
   * @param began when the question was asked whose answer completes it
   */
  #tellFull(began: number): void {
    if (this.#all.some(({ discovered, failure }) => discovered === undefined && failure === undefined)) return;
    this.#isFullTold = true;
    this.#report.full({
      services: this.#all.flatMap(({ discovered }) => discovered ?? []),
      unread: [...new Set(this.#all.flatMap((one) => (one.discovered === undefined ? [one.service.namespace] : [])))],
      millis: performance.now() - began,
    });
  }

  #tellProblems(): void {
    const problems = this.#all.flatMap((known) => [...unanswered(known), ...known.problems]);
    if (isDeepStrictEqual(problems, this.#problems)) return;
    this.#problems = problems;
    this.#report.problems(problems);
  }
}

function unanswered({ service: { namespace, name }, discovered, failure }: Known): readonly Problem[] {
  if (failure === undefined) return [];
  const since = new Date(failure.since).toISOString();
  const meanwhile =
    discovered === undefined ? "what was known before goes on, if anything was" : "its last answer goes on";
  const message = `service ${namespace}/${name}: ${failure.message}, since ${since}; ${meanwhile}`;
  return [{ severity: "error", path: "", message, ...(failure.fix === undefined ? {} : { fix: failure.fix }) }];
}

function failureOf(error: unknown): DiscoveryFailure {
  const kind = error instanceof DnsError ? KINDS[error.kind] : "invalid";
  const fix = FIXES[kind];
  return { kind, message: errorMessage(error), ...(fix === undefined ? {} : { fix }) };
}

const KINDS: Readonly<Record<DnsErrorKind, FailureKind>> = {
  unreachable: "unreachable",
  timeout: "timeout",
  refused: "forbidden",
  server: "server",
  malformed: "invalid",
};

const FIXES: Partial<Record<FailureKind, string>> = {
  unreachable: "see whether the DNS server can be reached from here",
  timeout: "see whether the DNS server can be reached from here, by UDP and TCP",
  forbidden: "let the DNS server answer this machine, or name another server",
};
