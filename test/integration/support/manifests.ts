/** Where something listens. */
export interface Target {
  readonly host: string;
  readonly port: number;
}

/** A Service with one port, 80, called `http`, and a slice with the given endpoints. */
export function service(
  namespace: string,
  name: string,
  targets: readonly Target[],
  annotations: Record<string, string> = {},
): string {
  return `
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: ${namespace}, annotations: ${JSON.stringify(annotations)} }
spec:
  ports: [{ name: http, port: 80 }]
---
${slices(namespace, name, targets)}`;
}

/** One EndpointSlice for each port that the targets have: a slice's ports are those of all its endpoints. */
export function slices(namespace: string, name: string, targets: readonly Target[]): string {
  const byPort = Map.groupBy(targets, ({ port }) => port);
  return [...byPort]
    .map(
      ([port, members], index) => `
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: ${name}-${index}, namespace: ${namespace}, labels: { kubernetes.io/service-name: ${name} } }
addressType: IPv4
ports: [{ name: http, port: ${port} }]
endpoints: ${JSON.stringify(members.map(({ host }) => ({ addresses: [host] })))}
`,
    )
    .join("---\n");
}

/** An Ingress that sends all of a host to port 80 of a Service. */
export function ingress(
  namespace: string,
  name: string,
  host: string,
  service: string,
  annotations: Record<string, string> = {},
): string {
  return `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: ${name}, namespace: ${namespace}, annotations: ${JSON.stringify(annotations)} }
spec:
  rules:
    - host: ${JSON.stringify(host)}
      http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: ${service}, port: { number: 80 } } } }] }
`;
}
