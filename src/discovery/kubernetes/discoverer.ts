import { firstServed } from "#kubernetes/api-probe.ts";
import { Backoff } from "#lib/backoff.ts";
import type { KubeClient } from "#kubernetes/client.ts";
import { type Clock, pause, systemClock } from "#kubernetes/clock.ts";
import { KubeError } from "#kubernetes/kube-error.ts";
import { Reflector, type ReflectorState, type ReflectorTimes } from "#kubernetes/reflector.ts";
import type { ResourceType } from "#kubernetes/resource-type.ts";
import { ENDPOINT_SLICES, ENDPOINTS, SERVICES } from "#kubernetes/resource-types.ts";
import { errorMessage } from "#lib/error-message.ts";
import type { Logger } from "#lib/log.ts";
import type { Discoverer, DiscoveryFailure, DiscoveryReport, FailureKind } from "../discoverer.ts";
import { ClusterModel, type EndpointKind } from "./cluster-model.ts";

export interface KubernetesDiscovererOptions {
  readonly client: KubeClient;
  /** The team that an upstream namespace belongs to here; undefined for one that is not followed. */
  readonly teamOf: (namespace: string) => string | undefined;
  /** Of Services; their endpoints are found by their names. */
  readonly labelSelector?: string;
  readonly log: Logger;
  readonly clock?: Clock;
  readonly times?: Partial<DiscovererTimes>;
}

/** Milliseconds. */
export interface DiscovererTimes {
  /** For which changes are gathered: one change of a Deployment is several events. */
  readonly gather: number;
  /** How often it is told that all still holds. */
  readonly inStep: number;
  /** How often a server without EndpointSlices is asked whether it has them by now. */
  readonly probe: number;
  readonly reflector: Partial<ReflectorTimes>;
}

const TIMES: DiscovererTimes = { gather: 20, inStep: 10_000, probe: 300_000, reflector: {} };

/** A Kubernetes cluster as a platform: its Services, with their EndpointSlices or, on old servers, their Endpoints. */
export class KubernetesDiscoverer implements Discoverer {
  readonly platform = "kubernetes";
  readonly #options: KubernetesDiscovererOptions;
  readonly #times: DiscovererTimes;
  readonly #clock: Clock;

  constructor(options: KubernetesDiscovererOptions) {
    this.#options = options;
    this.#times = { ...TIMES, ...options.times };
    this.#clock = options.clock ?? systemClock;
  }

  async run(report: DiscoveryReport, signal: AbortSignal): Promise<void> {
    const backoff = new Backoff({ least: 250, most: 30_000 });
    while (!signal.aborted) {
      try {
        const served = await firstServed(this.#options.client, [ENDPOINT_SLICES], { signal });
        const began = this.#clock.monotonic();
        await this.#follow(served === undefined ? "endpoints" : "slices", report, signal);
        // A server that says one thing and does the other is not asked as fast as it answers.
        if (this.#clock.monotonic() - began >= this.#times.inStep) backoff.reset();
        await pause(this.#clock, backoff.next(), signal);
      } catch (error) {
        if (signal.aborted) return;
        report.failed(failureOf(error));
        await pause(this.#clock, backoff.next(error instanceof KubeError ? error.retryAfter : 0), signal);
      }
    }
  }

  /** Until `signal`, or until the server has its endpoints in the other form. */
  async #follow(kind: EndpointKind, report: DiscoveryReport, signal: AbortSignal): Promise<void> {
    const { client, teamOf, labelSelector, log } = this.#options;
    const other = new AbortController();
    const until = AbortSignal.any([signal, other.signal]);
    const model = new ClusterModel(kind, teamOf);
    const round = new Round({ model, report, gather: this.#times.gather, clock: this.#clock });
    const types = [SERVICES, kind === "slices" ? ENDPOINT_SLICES : ENDPOINTS];
    const reflectors = types.map(
      (type) =>
        new Reflector({
          client,
          type,
          selection: type === SERVICES && labelSelector !== undefined ? { labelSelector } : {},
          onEvent: (event) => {
            model.take(type, event);
            round.changed(event.type === "replaced");
          },
          onState: (state) => {
            if (state.state === "absent" && type !== SERVICES) other.abort();
            else if (!until.aborted) round.state(type, state);
          },
          log,
          clock: this.#clock,
          times: this.#times.reflector,
        }),
    );
    const inStep = setInterval(() => round.inStep(), this.#times.inStep);
    const probe = setInterval(() => {
      if (kind === "slices") return;
      // A failure is the reflectors' to tell.
      firstServed(client, [ENDPOINT_SLICES], { signal: until }).then(
        (served) => served !== undefined && other.abort(),
        () => {},
      );
    }, this.#times.probe);
    try {
      await Promise.all(reflectors.map((reflector) => reflector.run(until)));
    } finally {
      other.abort();
      clearInterval(inStep);
      clearInterval(probe);
      round.end();
    }
  }
}

interface RoundOptions {
  readonly model: ClusterModel;
  readonly report: DiscoveryReport;
  readonly gather: number;
  readonly clock: Clock;
}

/** Tells changes in rounds, and only while both halves, Services and endpoints, are in step: half of a change is none. */
class Round {
  readonly #options: RoundOptions;
  readonly #states = new Map<ResourceType, ReflectorState>();
  /** Something was listed since the last round: what is told next is everything. */
  #isFull = true;
  #problems = "[]";
  #since: number;
  #timer: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(options: RoundOptions) {
    this.#options = options;
    this.#since = options.clock.monotonic();
  }

  changed(isFull: boolean): void {
    if (isFull && !this.#isFull) this.#since = this.#options.clock.monotonic();
    this.#isFull ||= isFull;
    this.#schedule();
  }

  state(type: ResourceType, state: ReflectorState): void {
    this.#states.set(type, state);
    if (state.error !== undefined) this.#options.report.failed(failureOfState(state.error));
    else if (this.#bothSynced()) this.#schedule();
  }

  inStep(): void {
    if (this.#bothSynced() && this.#timer === undefined) this.#options.report.inStep();
  }

  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
  }

  #bothSynced(): boolean {
    return this.#states.size === 2 && [...this.#states.values()].every(({ state }) => state === "synced");
  }

  #schedule(): void {
    if (this.#ended) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      if (this.#bothSynced()) this.#tell();
    }, this.#options.gather);
  }

  #tell(): void {
    const { model, report, clock } = this.#options;
    if (this.#isFull) {
      this.#isFull = false;
      report.full({ services: model.all(), unread: [], millis: clock.monotonic() - this.#since });
    } else {
      const { upserts, removals } = model.takeChange();
      if (upserts.length + removals.length > 0) report.changed(upserts, removals);
      else report.inStep();
    }
    const problems = model.problems();
    const text = JSON.stringify(problems);
    if (text !== this.#problems) report.problems(problems);
    this.#problems = text;
  }
}

/** The words of {@link KubeError} are without secrets. */
function failureOf(error: unknown): DiscoveryFailure {
  return failureOfState({
    reason: error instanceof KubeError ? error.reason : "Malformed",
    message: errorMessage(error),
  });
}

function failureOfState({ reason, message }: { readonly reason: string; readonly message: string }): DiscoveryFailure {
  const kind = KINDS[reason] ?? "server";
  const fix = FIXES[kind];
  return { kind, message, ...(fix === undefined ? {} : { fix }) };
}

/** By the API's own reasons, and by those of the client. */
const KINDS: Readonly<Record<string, FailureKind>> = {
  Unreachable: "unreachable",
  Timeout: "timeout",
  Credentials: "credentials",
  Unauthorized: "credentials",
  Forbidden: "forbidden",
  TooManyRequests: "throttled",
  Malformed: "invalid",
  NotFound: "invalid",
};

const FIXES: Partial<Record<FailureKind, string>> = {
  unreachable: "see whether the cluster's API can be reached from here",
  credentials: "write valid credentials into the kubeconfig; they are taken without a restart",
  invalid: "see whether the kubeconfig's server is a Kubernetes API, and nothing in between answers for it",
  forbidden: "let the kubeconfig's user list and watch services and endpointslices (endpoints on old servers)",
};
