import type { V1EndpointSlice, V1Service } from "@kubernetes/client-node";
import { bytesHash, canonicalJson } from "#lib/canonical.ts";
import { compareText } from "#lib/compare.ts";
import type { Problem } from "#lib/problem.ts";
import { PRIORITY_ANNOTATION, WEIGHT_ANNOTATION } from "#resources/annotations.ts";
import {
  BACKEND_LABEL,
  LOAD_BALANCER_ID_LABEL,
  LOAD_BALANCER_NAME_LABEL,
  SERVICE_LABEL,
  STALE_ANNOTATION,
  UPSTREAM_ANNOTATION,
} from "#resources/discovered.ts";
import { type EndpointSlice, SERVICE_NAME_LABEL } from "#resources/endpoint-slice.ts";
import type { Service } from "#resources/service.ts";
import { validate } from "#resources/validate.ts";
import { type DiscoveredEndpoint, discoveredKey, type DiscoveredService, type EndpointGroup } from "./discovered.ts";
import { discoveredName, labelValue, loadBalancerLabel } from "./names.ts";
import { stableSlices } from "./stable-slices.ts";
import { takenAnnotations, takenLabels, type TakenOver } from "./taken-over.ts";

/** The API server's own controllers put so many endpoints into a slice. It takes ten times as many. */
const SLICE_SIZE = 100;

/** Tells Kubernetes' controllers that a slice is not theirs. */
const MANAGED_BY_LABEL = "endpointslice.kubernetes.io/managed-by";
const MANAGED_BY = "discovery.binnacle.dev";

export interface DesiredOptions {
  readonly backend: string;
  readonly takenOver: TakenOver;
  /** Since when the backend cannot be reached, in milliseconds since the epoch. */
  readonly staleSince?: number;
}

/**
 * What a discovered service is here: a headless Service without selector, and its slices. Endpoints that move to another slice, because
 * there are more than before, move to a later one.
 */
export type Desired =
  | { readonly service: Service; readonly slices: readonly EndpointSlice[] }
  /** It cannot be an object here. At least one is an error. */
  | { readonly problems: readonly Problem[] };

/**
 * A service's objects in its team's namespace. Equal services give equal objects, whatever order their endpoints come in;
 * an endpoint that stands in several groups of the same ports stands once.
 */
export function desiredObjects(upstream: DiscoveredService, options: DesiredOptions): Desired {
  const name = discoveredName(options.backend, upstream.service);
  const documents = [serviceOf(upstream, name, options), ...slicesOf(upstream, name, options)];
  const problems: Problem[] = [];
  const objects = documents.flatMap((document) => {
    // Nothing of a user's own writing is in it but what the allow-list takes, so its warnings are upstream's to read.
    const checked = validate(document, { unknownFields: "error" });
    if (checked.type === "refused") problems.push(...checked.problems);
    return checked.type === "accepted" ? [checked.object] : [];
  });
  const [service, ...slices] = objects;
  if (problems.length > 0 || service?.kind !== "Service") return { problems };
  return { service, slices: slices.filter((object): object is EndpointSlice => object.kind === "EndpointSlice") };
}

function serviceOf(upstream: DiscoveredService, name: string, options: DesiredOptions): V1Service {
  const { namespace, labels, annotations, ports, externalName, sessionAffinity } = upstream;
  const { takenOver, staleSince } = options;
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name,
      namespace,
      labels: { ...takenLabels(labels, takenOver), ...ownLabels(upstream, options.backend) },
      annotations: {
        ...takenAnnotations(annotations, takenOver),
        [UPSTREAM_ANNOTATION]: discoveredKey(upstream),
        ...(staleSince === undefined ? {} : { [STALE_ANNOTATION]: new Date(staleSince).toISOString() }),
      },
    },
    spec: {
      // Without a selector and a cluster address: traffic goes to the endpoints, never through another proxy.
      ...(externalName === undefined
        ? { type: "ClusterIP", clusterIP: "None" }
        : { type: "ExternalName", externalName }),
      ports: ports.map((port) => ({ ...port, targetPort: port.port })),
      ...(sessionAffinity === undefined ? {} : { sessionAffinity }),
    },
  };
}

function slicesOf(upstream: DiscoveredService, name: string, { backend }: DesiredOptions): readonly V1EndpointSlice[] {
  if (upstream.externalName !== undefined) return [];
  return mergedGroups(upstream.endpoints).flatMap(({ key, group }) => {
    // The identity is part of it: what shares a name with another backend's service shares no slice with it.
    const digest = bytesHash(canonicalJson([backend, upstream.scope, upstream.service, key])).slice(0, 10);
    const parts = stableSlices(group.endpoints, ({ address }) => address, SLICE_SIZE);
    return [...parts].map(([part, endpoints]) => ({
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: {
        name: `${name}-${digest}-${part}`,
        namespace: upstream.namespace,
        labels: {
          ...ownLabels(upstream, backend),
          [SERVICE_NAME_LABEL]: name,
          [MANAGED_BY_LABEL]: MANAGED_BY,
        },
        annotations: {
          [UPSTREAM_ANNOTATION]: discoveredKey(upstream),
          ...(group.weight === undefined ? {} : { [WEIGHT_ANNOTATION]: String(group.weight) }),
          ...(group.priority === undefined ? {} : { [PRIORITY_ANNOTATION]: String(group.priority) }),
        },
      },
      addressType: group.addressType,
      ports: [...group.ports],
      endpoints: endpoints.map(({ address, ready, serving, terminating, hostname, zone }) => ({
        addresses: [address],
        conditions: { ready, serving, terminating },
        ...(hostname === undefined ? {} : { hostname }),
        ...(zone === undefined ? {} : { zone }),
      })),
    }));
  });
}

function ownLabels({ service, loadBalancer }: DiscoveredService, backend: string): Record<string, string> {
  return {
    [BACKEND_LABEL]: labelValue(backend),
    [SERVICE_LABEL]: labelValue(service),
    ...(loadBalancer === undefined
      ? {}
      : {
          [LOAD_BALANCER_ID_LABEL]: labelValue(loadBalancer.id),
          [LOAD_BALANCER_NAME_LABEL]: loadBalancerLabel(loadBalancer.name),
        }),
  };
}

/** Groups of equal ports, weights and priorities as one, sorted; each address once, in its best condition, sorted. */
function mergedGroups(groups: readonly EndpointGroup[]): readonly { key: string; group: EndpointGroup }[] {
  const merged = new Map<string, { group: EndpointGroup; endpoints: Map<string, DiscoveredEndpoint> }>();
  for (const { ports, endpoints, ...rest } of groups) {
    const sorted = ports.toSorted((a, b) => compareText(a.name, b.name) || compareText(a.protocol, b.protocol));
    const { addressType, weight, priority } = rest;
    const load = weight === undefined && priority === undefined ? [] : [{ weight, priority }];
    const key = canonicalJson([addressType, sorted, ...load]);
    const known = merged.get(key) ?? { group: { ...rest, ports: sorted, endpoints: [] }, endpoints: new Map() };
    merged.set(key, known);
    for (const endpoint of endpoints) {
      const other = known.endpoints.get(endpoint.address);
      if (other === undefined || isBetter(endpoint, other)) known.endpoints.set(endpoint.address, endpoint);
    }
  }
  return [...merged]
    .sort(([a], [b]) => compareText(a, b))
    .map(([key, { group, endpoints }]) => ({
      key,
      group: { ...group, endpoints: [...endpoints.values()].sort((a, b) => compareText(a.address, b.address)) },
    }));
}

/** While an endpoint moves from one slice to another it stands in both, and the two may differ (KEP-0752). */
function isBetter(a: DiscoveredEndpoint, b: DiscoveredEndpoint): boolean {
  const rank = ({ ready, serving }: DiscoveredEndpoint): number => (ready ? 2 : serving ? 1 : 0);
  return rank(a) > rank(b) || (rank(a) === rank(b) && canonicalJson(a) < canonicalJson(b));
}
