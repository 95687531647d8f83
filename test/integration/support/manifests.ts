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
  labels?: Record<string, string>,
): string {
  const labelled = labels === undefined ? "" : `, labels: ${JSON.stringify(labels)}`;
  return `
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: ${namespace}, annotations: ${JSON.stringify(annotations)}${labelled} }
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

export interface IngressWishes {
  readonly annotations?: Readonly<Record<string, string>>;
  /** A prefix; `/` unless given. */
  readonly path?: string;
  /** The Secret of the host's certificate. */
  readonly secret?: string;
}

/** An Ingress that sends a host's requests to port 80 of a Service. */
export function ingress(
  namespace: string,
  name: string,
  host: string,
  service: string,
  { annotations = {}, path = "/", secret }: IngressWishes = {},
): string {
  const backend = { service: { name: service, port: { number: 80 } } };
  const hosts = host === "" ? [] : [host];
  const tls = secret === undefined ? "" : `  tls: ${JSON.stringify([{ hosts, secretName: secret }])}\n`;
  return `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: ${name}, namespace: ${namespace}, annotations: ${JSON.stringify(annotations)} }
spec:
${tls}  rules:
    - host: ${JSON.stringify(host)}
      http: { paths: [{ path: ${JSON.stringify(path)}, pathType: Prefix, backend: ${JSON.stringify(backend)} }] }
`;
}

/** A Secret of type kubernetes.io/tls. */
export function tlsSecret(
  namespace: string,
  name: string,
  { cert, key }: { readonly cert: string; readonly key: string },
): string {
  return `
apiVersion: v1
kind: Secret
metadata: { name: ${name}, namespace: ${namespace} }
type: kubernetes.io/tls
stringData: ${JSON.stringify({ "tls.crt": cert, "tls.key": key })}
`;
}

/** Several objects' texts as one. */
export function together(...texts: readonly string[]): string {
  return texts.join("\n---\n");
}
