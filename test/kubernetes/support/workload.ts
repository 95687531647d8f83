import type { Manifest } from "./api-client.ts";

export interface Workload {
  readonly namespace: string;
  readonly name: string;
  readonly replicas?: number;
  readonly port?: number;
}

/** A Deployment whose Pods have the label `app` with its name. Its image is never pulled: Pods run in a PodStandIn. */
export function deployment({ namespace, name, replicas = 1, port = 8080 }: Workload): Manifest {
  const labels = { app: name };
  const containers = [{ name: "main", image: "stand-in", ports: [{ containerPort: port }] }];
  const template = { metadata: { labels }, spec: { containers } };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { namespace, name },
    spec: { replicas, selector: { matchLabels: labels }, template },
  };
}

/** A Service for the Pods of {@link deployment}, with one port, `http`: 80. */
export function service({ namespace, name, port = 8080 }: Workload): Manifest {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { namespace, name },
    spec: { selector: { app: name }, ports: [{ name: "http", port: 80, targetPort: port }] },
  };
}
