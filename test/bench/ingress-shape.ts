import { addressesOf, type ManifestWishes, serviceManifest, type Shape } from "./shape.ts";

/** Each host an Ingress with its Service, in one of a hundred namespaces. */
export const ingressShape: Shape = { counts: "hosts", perHost: 1, manifest, hostName, path: "/" };

function manifest(index: number, wishes: ManifestWishes = {}): string {
  const namespace = `team-${index % 100}`;
  const tls = wishes.tls === true ? `  tls: [{hosts: [${hostName(index)}], secretName: certificate}]\n` : "";
  return `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: app-${index}, namespace: ${namespace}}
spec:
  rules:
    - host: ${hostName(index)}
      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: app-${index}, port: {number: 80}}}}]}
${tls}---
${serviceManifest(namespace, `app-${index}`, { addresses: addressesOf(index), ...wishes })}`;
}

function hostName(index: number): string {
  return `app-${index}.example.com`;
}
