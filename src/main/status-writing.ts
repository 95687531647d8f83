import { isIP } from "node:net";
import type { Config } from "#config/config.ts";
import type { Duty } from "#kubernetes/leadership.ts";
import type { Logger } from "#lib/log.ts";
import type { HomeWriteState } from "#monitoring/home-cluster-metrics.ts";
import { convertAnnotations } from "#resources/ingressroute-as-httpproxy.ts";
import { type ObjectRef, refKey, type RefKey } from "#resources/ref.ts";
import type { StatusAddress } from "#sources/cluster/status-form.ts";
import { isOurs } from "#translate/ingress-class.ts";
import { isLocalAddress } from "#translate/local-address.ts";
import { objectReader } from "#translate/object-reader.ts";
import type { ControlPlane } from "../control-plane.ts";
import { ingressAddresses } from "../views/ingress-addresses.ts";
import { problemsOf } from "../views/objects.ts";
import type { HomeCluster } from "./home-cluster.ts";
import type { HomeWatcher } from "./home-source.ts";
import { ownAddresses } from "./own-addresses.ts";

const NO_PLACE =
  "their definition has no status sub-resource (binnacle crds prints one that has), and their objects are their teams' to write";

export interface StatusWriting {
  readonly duty: Duty;
  readonly watcher: HomeWatcher;
  measure(): HomeWriteState;
}

/** What became known about the objects of a cluster goes back to its API, by whoever leads. */
export async function statusWriting(
  config: Config,
  controlPlane: ControlPlane,
  { client, limiter }: HomeCluster,
  log: Logger,
): Promise<StatusWriting> {
  const { StatusWriter: Writer } = await import("#sources/cluster/status-writer.ts");
  const { store, translator, snapshot } = controlPlane;
  const addresses = statusAddresses(config);
  const read = objectReader(store);
  const counts = { ok: 0, conflict: 0, error: 0 };
  const writer = new Writer({
    client,
    limiter,
    wanted: (ref, { annotations, ingressClassName }) => {
      const spec = ingressClassName === undefined ? {} : { ingressClassName };
      const state = store.state(ref);
      if (state === undefined) return undefined;
      const named = ref.kind === "IngressRoute" ? convertAnnotations(annotations) : annotations;
      if (!isOurs({ metadata: { annotations: named }, spec }, config.routing, read)) return "not ours";
      return { addresses, problems: problemsOf(state, translator.verdicts(ref), snapshot) };
    },
    log,
    onWrite: (result) => void counts[result]++,
  });
  /** What Envoy refused something of: that it takes it after all is no change of theirs. */
  const doubted = new Map<RefKey, ObjectRef>();
  controlPlane.listen({
    judged: (refs) => writer.judged(refs),
    refused: ({ quarantine }) => {
      for (const { ref } of quarantine.sources) doubted.set(refKey(ref), ref);
      writer.judged(doubted.values());
    },
  });
  snapshot.listen({
    acknowledged: () => {
      writer.judged(doubted.values());
      if (snapshot.quarantined().length === 0) doubted.clear();
    },
  });
  return {
    duty: writer,
    watcher: {
      read: (ref, object, _change, isListed) => writer.observe(ref, object, isListed),
      open: () => writer.open(),
      shortcomings: () => writer.unwritable().map((kind) => `the status of ${kind} cannot be written: ${NO_PLACE}`),
    },
    measure: () => ({ what: "status", ...writer.state(), results: counts }),
  };
}

/** Where clients reach the data plane, as far as that is known and of use to others. */
function statusAddresses({ sources, listeners }: Config): readonly StatusAddress[] {
  const reachable = ownAddresses().filter((address) => !isLocalAddress(address));
  const own = ingressAddresses(listeners, reachable).flatMap(({ ip }) => (isLocalAddress(ip) ? [] : [ip]));
  return (sources.cluster?.addresses ?? own).map((text) => (isIP(text) === 0 ? { hostname: text } : { ip: text }));
}
