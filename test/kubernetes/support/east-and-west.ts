import type { KubeBox } from "./kubebox.ts";

/** Settings of an appliance that has two clusters as backends, `east` and `west`, whose Pods listen on 8080. */
export async function eastAndWest(east: KubeBox, west: KubeBox): Promise<string> {
  const backend = async (name: string, box: KubeBox): Promise<string> =>
    `{name: ${name}, kubernetes: {kubeconfig: ${await box.kubeconfigFile()}}}`;
  return `backends: [${await backend("east", east)}, ${await backend("west", west)}]
upstreams: {allowLocal: [8080]}`;
}

/** An Ingress that sends `/` to Service `web` of `east`, and `/west` to that of `west`. */
export function routesToBoth(host: string): string {
  return `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop}
spec:
  rules:
  - host: ${host}
    http:
      paths:
      - path: /
        pathType: Prefix
        backend: {service: {name: east-web, port: {number: 80}}}
      - path: /west
        pathType: Prefix
        backend: {service: {name: west-web, port: {number: 80}}}
`;
}
