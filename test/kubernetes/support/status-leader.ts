import { systemClock } from "#kubernetes/clock.ts";
import { createKubeClient } from "#kubernetes/http-client.ts";
import type { Term } from "#kubernetes/leadership.ts";
import { RateLimiter } from "#kubernetes/rate-limit.ts";
import { silentLogger } from "#lib/log.ts";
import type { ProxyProblem } from "#resources/httpproxy-status.ts";
import { ClusterSource } from "#sources/cluster/cluster-source.ts";
import type { WantedStatus } from "#sources/cluster/status-form.ts";
import { StatusWriter } from "#sources/cluster/status-writer.ts";
import { RecordingSink } from "#sources/recording-sink.ts";
import { until } from "../../integration/support/until.ts";

export const ADDRESS = { ip: "192.0.2.1" };
export const WRONG: ProxyProblem = {
  severity: "error",
  reason: "ServiceNotFound",
  path: "",
  message: "there is no Service web",
};

/** A control plane that follows a cluster and leads as long as it lives, until it is told otherwise. */
export class StatusLeader implements AsyncDisposable {
  readonly sink = new RecordingSink();
  readonly writes = { ok: 0, conflict: 0, error: 0 };
  readonly writer: StatusWriter;
  problems: readonly ProxyProblem[] = [];
  readonly #parts = new AsyncDisposableStack();

  constructor(kubeconfig: string) {
    const client = this.#parts.use(createKubeClient({ connection: { type: "inline", kubeconfig } }));
    const wanted = (): WantedStatus => ({ addresses: [ADDRESS], problems: this.problems });
    this.writer = new StatusWriter({
      client,
      limiter: new RateLimiter(undefined, systemClock),
      wanted: (_ref, { ingressClassName, annotations }) =>
        (ingressClassName ?? annotations["kubernetes.io/ingress.class"]) === "binnacle" ? wanted() : "not ours",
      log: silentLogger,
      onWrite: (result) => void this.writes[result]++,
    });
    const source = new ClusterSource({
      client,
      sink: this.sink,
      log: silentLogger,
      onRead: (ref, object, _change, isListed) => this.writer.observe(ref, object, isListed),
      onSynced: () => this.writer.open(),
    });
    const stop = new AbortController();
    const term: Term = { signal: stop.signal, remaining: 10_000 };
    const runs = [source.run(stop.signal), this.writer.lead(term)];
    this.#parts.defer(async () => {
      stop.abort();
      await Promise.all(runs);
    });
  }

  async settled(): Promise<void> {
    const isSettled = (): boolean => this.writes.ok > 0 && this.writer.state().waiting === 0;
    await until(isSettled, { what: "all to be written", timeoutMs: 60_000 });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#parts.disposeAsync();
  }
}
