import type { ApplianceView } from "#api/ports/appliance.ts";
import type { DiffView } from "#api/ports/diff.ts";
import type { ExplainView } from "#api/ports/explain.ts";
import type { Health, MetricsText } from "#api/ports/health.ts";
import type { ObjectDetail, ObjectProblem, ObjectsView } from "#api/ports/objects.ts";
import type { Problem } from "#lib/problem.ts";
import { refKey } from "#resources/ref.ts";
import type { ObjectRef } from "#resources/ref.ts";

/** There is nothing to explain. */
export const NO_ROUTES: ExplainView = { explain: () => undefined };

/** There is nothing to compare with. */
export const NO_DIFFERENCE: DiffView = {
  plan: async () => ({
    objects: { added: [], changed: [], removed: [], unchanged: 0 },
    routes: [],
    hosts: [],
    problems: { appear: [], go: [] },
    envoy: [],
  }),
};

export const HEALTHY: Health = { live: () => true, ready: () => true, reasons: () => [] };

export const METRICS: MetricsText = {
  contentType: "text/plain; version=0.0.4; charset=utf-8",
  text: () => Promise.resolve("# TYPE binnacle_up gauge\nbinnacle_up 1\n"),
};

/** Nobody can tell which object it is. */
export const UNREADABLE: Problem = {
  severity: "error",
  path: "metadata.namespace",
  message: "found 65 characters, expected a DNS label of at most 63",
  fix: "shorten it",
  origin: { file: "manifests/team-harbour.yaml", line: 7 },
};

export function simulatedAppliance(since: number): ApplianceView {
  return {
    envoys: () => [
      { id: "binnacle-1", connected: true, version: "1.40.0", config: { state: "accepted", since: since - 170_000 } },
    ],
    sources: () => [
      {
        name: "directory",
        state: "synced",
        lastSync: since - 900,
        detail: "14 files below examples/quickstart",
        problems: [UNREADABLE],
      },
      { name: "os-west", state: "stale", lastSync: since - 240_000, detail: "keystone answered 503 three times" },
    ],
    children: () =>
      ["alertmanager", "envoy", "prometheus"].map((name) => ({
        name,
        state: "running" as const,
        since: since - 3_600_000,
        restarts: 0,
        detail: "",
      })),
  };
}

export const SECRET_VALUE = "c2VjcmV0LWtleQ==";

export function simulatedObjects(): ObjectsView {
  const objects: ObjectDetail[] = [
    object({ kind: "Ingress", namespace: "team-blog", name: "wiki" }, "lastGood", [
      {
        severity: "error",
        reason: "EnvoyRefused",
        by: "envoy",
        path: "spec.rules[0].host",
        message: "Envoy refused virtual host http/wiki.localhost: only unique values for domains are permitted",
        fix: "take wiki.localhost out of one of the two rules; the form of 12:03 goes on serving",
        origin: { file: "team-blog/wiki.yaml", line: 9 },
      },
    ]),
    object({ kind: "Ingress", namespace: "team-shop", name: "shop" }, "current", [
      {
        severity: "warning",
        reason: "ServiceNotFound",
        by: "translation",
        path: "spec.rules[0].http.paths[2].backend.service",
        message: "there is no Service team-shop/recommendations: /recommended answers 503",
        fix: "create the Service, or correct its name",
        origin: { file: "team-shop/shop.yaml", line: 31 },
      },
    ]),
    object({ kind: "Ingress", namespace: "team-pay", name: "checkout" }, "current", []),
    {
      ...object({ kind: "Secret", namespace: "team-pay", name: "tls" }, "current", []),
      object: { kind: "Secret", metadata: { namespace: "team-pay", name: "tls" }, data: { "tls.key": SECRET_VALUE } },
    },
    object({ kind: "Service", namespace: "team-shop", name: "cart" }, "current", []),
  ];
  return {
    list: (kind) => objects.filter(({ ref }) => kind === undefined || ref.kind === kind).map(summary),
    get: (ref) => objects.find((known) => refKey(known.ref) === refKey(ref)),
  };
}

function object(ref: ObjectRef, inUse: ObjectDetail["inUse"], problems: readonly ObjectProblem[]): ObjectDetail {
  const { kind, namespace, name } = ref;
  const origin = { file: `manifests/${namespace}.yaml` };
  return { ref, inUse, origin, problems, columns: {}, object: { kind, metadata: { namespace, name } }, became: [] };
}

function summary({ ref, inUse, origin, problems, columns }: ObjectDetail): Omit<ObjectDetail, "object" | "became"> {
  return { ref, inUse, origin, problems, columns };
}
