import type { SourceChange } from "#store/changes.ts";
import { changesOf } from "../integration/support/gateway.ts";

/** The manifests of host number `index`: an Ingress, its Service and a slice of three endpoints. */
export function hostManifest(
  index: number,
  options: { readonly tls?: boolean; readonly port?: number; readonly addresses?: readonly string[] } = {},
): string {
  const { tls = false, port = 8080, addresses = addressesOf(index) } = options;
  const namespace = `team-${index % 100}`;
  return `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: app-${index}, namespace: ${namespace}}
spec:
  rules:
    - host: ${hostName(index)}
      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: app-${index}, port: {number: 80}}}}]}
${tls ? `  tls: [{hosts: [${hostName(index)}], secretName: certificate}]\n` : ""}---
apiVersion: v1
kind: Service
metadata: {name: app-${index}, namespace: ${namespace}}
spec: {ports: [{name: http, port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: app-${index}, namespace: ${namespace}, labels: {kubernetes.io/service-name: app-${index}}}
addressType: IPv4
ports: [{name: http, port: ${port}}]
endpoints: [${addresses.map((address) => `{addresses: [${address}]}`).join(", ")}]
`;
}

export function hostName(index: number): string {
  return `app-${index}.example.com`;
}

/** Addresses of TEST-NET-like ranges that nothing is sent to. */
function addressesOf(index: number): readonly string[] {
  return [1, 2, 3].map((endpoint) => `10.${endpoint}.${index >> 8}.${index & 255}`);
}

/** As changes of a source; read once, so that no time of parsing is in what is measured. */
export function hostChanges(
  from: number,
  count: number,
  options: Parameters<typeof hostManifest>[1] = {},
): readonly SourceChange[] {
  return changesOf(Array.from({ length: count }, (_, index) => hostManifest(from + index, options)).join("---\n"));
}
