import type { ControlPlane } from "../control-plane.ts";
import type { CertificateState } from "#monitoring/certificate-metrics.ts";
import type { ObjectFeed, ObjectProblem, RefusedObject, VerdictCount } from "#monitoring/object-metrics.ts";
import { formatRef, KINDS } from "#resources/ref.ts";

/** What the metrics ask of store and translation, counted when they are scraped. */
export function objectFeed({ store, translator }: Pick<ControlPlane, "store" | "translator">): ObjectFeed {
  return {
    kinds: () => {
      const counts = new Map(KINDS.map((kind) => [kind, { kind, valid: 0, refused: 0 }]));
      for (const { ref, refused } of store.states())
        counts.get(ref.kind)![refused === undefined ? "valid" : "refused"] += 1;
      return [...counts.values()];
    },
    refused: () =>
      store.states().flatMap(({ ref, refused, inUse }): RefusedObject[] => {
        if (refused === undefined) return [];
        const { kind, namespace, name } = ref;
        const cause = refused.by === "envoy" ? "nack" : "invalid";
        return [{ kind, namespace, name, cause, lastGoodAt: inUse === undefined ? undefined : refused.since }];
      }),
    verdicts: () => {
      const counts = new Map<string, VerdictCount>();
      for (const { ref, severity, reason } of translator.eachVerdict()) {
        const key = `${ref.kind} ${ref.namespace} ${severity} ${reason}`;
        const count = (counts.get(key)?.count ?? 0) + 1;
        counts.set(key, { kind: ref.kind, namespace: ref.namespace, severity, reason, count });
      }
      return [...counts.values()];
    },
    problems: () => {
      const problems = new Map<string, ObjectProblem>();
      for (const { ref, severity, reason, taken } of translator.eachVerdict()) {
        if (severity !== "error" && taken === undefined) continue;
        const { kind, namespace, name } = ref;
        const { host, holder } =
          taken === undefined ? { host: "", holder: "" } : { host: taken.host, holder: formatRef(taken.by) };
        const problem = { kind, namespace, name, severity, reason, host, holder };
        problems.set(Object.values(problem).join("\n"), problem);
      }
      return [...problems.values()];
    },
    sizes: () => {
      const hosts = new Set<string>();
      let [routes, clusters, endpoints] = [0, 0, 0];
      for (const item of translator.eachItem()) {
        if (item.type === "virtualHost") {
          hosts.add(item.host);
          routes += item.routes.length;
        } else if (item.type === "cluster") clusters += 1;
        else if (item.type === "endpoints") endpoints += item.endpoints.length;
      }
      return { hosts: hosts.size, routes, clusters, endpoints };
    },
  };
}

/** The Secrets whose certificates are served, each once. */
export function certificateFeed({ translator }: Pick<ControlPlane, "translator">): readonly CertificateState[] {
  const certificates = new Map<string, CertificateState>();
  for (const item of translator.eachItem()) {
    if (item.type !== "certificate") continue;
    const { namespace, name } = item.secret;
    certificates.set(`${namespace}/${name}`, { namespace, name, notAfter: item.notAfter, kept: item.kept });
  }
  return [...certificates.values()];
}
