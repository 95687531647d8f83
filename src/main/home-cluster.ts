import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import type { Config } from "#config/config.ts";
import type { KubeClient } from "#kubernetes/client.ts";
import type { Connection } from "#kubernetes/connection.ts";
import type { Duty, Leadership, LeadershipState } from "#kubernetes/leadership.ts";
import type { RateLimiter } from "#kubernetes/rate-limit.ts";
import type { Logger } from "#lib/log.ts";
import type { PlatformRequest } from "#monitoring/discovery-metrics.ts";

/** The Kubernetes cluster that is the home of the objects, shared with other control planes of which one leads. */
export interface HomeCluster {
  readonly client: KubeClient;
  /** What all writes of this control plane share. */
  readonly limiter: RateLimiter;
  /** The control planes' own. */
  readonly namespace: string;
  leadership(): LeadershipState;
  /** Stands for election, and has this done while it leads. */
  stand(duties: readonly Duty[]): void;
}

/** The name of the Lease that the control planes of a cluster share. */
const LEASE = "binnacle";
const STANDARD_NAMESPACE = "binnacle-system";

/** Opens the way to the cluster. The rooms of Kubernetes are loaded only where there is one. */
export async function openHomeCluster(
  { kubeconfig, context, namespace: own, writesPerSecond }: NonNullable<Config["sources"]["cluster"]>,
  observe: (request: PlatformRequest) => void,
  logger: Logger,
  parts: AsyncDisposableStack,
): Promise<HomeCluster> {
  const [{ createKubeClient }, { podNamespace }, { Leadership: Election }, limits, clock] = await Promise.all([
    import("#kubernetes/http-client.ts"),
    import("#kubernetes/connection.ts"),
    import("#kubernetes/leadership.ts"),
    import("#kubernetes/rate-limit.ts"),
    import("#kubernetes/clock.ts"),
  ]);
  const connection: Connection =
    kubeconfig === undefined ? { type: "in-cluster" } : { type: "file", kubeconfig, context };
  const client = parts.use(createKubeClient({ connection, environment: process.env, observe }));
  const namespace = own ?? (connection.type === "in-cluster" ? await podNamespace(connection) : STANDARD_NAMESPACE);
  const leadership: Leadership = new Election({
    client,
    lease: { namespace, name: LEASE },
    // A Pod's name is its host's; two processes of one host are two candidates.
    identity: `${hostname()}-${randomBytes(3).toString("hex")}`,
    log: logger.room("leader"),
  });
  return {
    client,
    limiter: new limits.RateLimiter({ perSecond: writesPerSecond, burst: writesPerSecond }, clock.systemClock),
    namespace,
    leadership: () => leadership.state(),
    stand: (duties) => {
      const stop = new AbortController();
      const run = leadership.run(duties, stop.signal);
      parts.defer(async () => {
        stop.abort();
        await run;
      });
    },
  };
}

/** For people: who of the control planes writes. */
export function leadershipWords({ leads, holder }: LeadershipState): string {
  if (leads) return "this control plane leads and writes";
  return holder === "" ? "no control plane leads yet" : `${holder} leads and writes`;
}
