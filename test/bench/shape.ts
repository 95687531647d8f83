import type { SourceChange } from "#store/changes.ts";
import { changesOf } from "../integration/support/gateway.ts";

export interface ManifestWishes {
  readonly tls?: boolean;
  /** Where the endpoints listen. */
  readonly port?: number;
  /** Of each Service's endpoints. */
  readonly addresses?: readonly string[];
}

/** What a home's routes are made of, so that the same is asked of each kind: as many objects, each with a Service and a slice. */
export interface Shape {
  /** What its size counts: `hosts`. */
  readonly counts: string;
  /** How many of those make one host. */
  readonly perHost: number;
  /** All manifests of host number `index`. */
  manifest(index: number, wishes?: ManifestWishes): string;
  hostName(index: number): string;
  /** The path of the last request that is routed: the deepest. */
  readonly path: string;
}

/** Addresses of a private range that nothing is sent to, three for each number. */
export function addressesOf(index: number): readonly string[] {
  return [1, 2, 3].map((endpoint) => `10.${endpoint}.${index >> 8}.${index & 255}`);
}

/** A Service with one port, 80, and a slice with its endpoints. */
export function serviceManifest(
  namespace: string,
  name: string,
  { port = 8080, addresses }: ManifestWishes & { readonly addresses: readonly string[] },
): string {
  return `apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: ${namespace}}
spec: {ports: [{name: http, port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: ${name}, namespace: ${namespace}, labels: {kubernetes.io/service-name: ${name}}}
addressType: IPv4
ports: [{name: http, port: ${port}}]
endpoints: [${addresses.map((address) => `{addresses: [${address}]}`).join(", ")}]
`;
}

/** As changes of a source; read once, so that no time of parsing is in what is measured. */
export function hostChanges(
  shape: Shape,
  from: number,
  count: number,
  wishes: ManifestWishes = {},
): readonly SourceChange[] {
  const manifests = Array.from({ length: count }, (_, index) => shape.manifest(from + index, wishes));
  return changesOf(manifests.join("---\n"));
}
