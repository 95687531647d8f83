import { addressesOf, type ManifestWishes, serviceManifest, type Shape } from "./shape.ts";

/** Each host asks its clients for certificates: it has a chain of connections and a route table of its own. */
export const guardedShape: Shape = {
  counts: "hosts that ask for client certificates",
  perHost: 1,
  manifest,
  hostName,
  path: "/",
};

function manifest(index: number, wishes: ManifestWishes = {}): string {
  const metadata = { name: nameOf(index), namespace: `team-${index % 100}` };
  const tls = { secretName: "certificate", clientValidation: { skipClientCertValidation: true } };
  const spec = {
    virtualhost: { fqdn: hostName(index), tls },
    routes: [{ services: [{ name: metadata.name, port: 80 }] }],
  };
  const proxy = { apiVersion: "projectcontour.io/v1", kind: "HTTPProxy", metadata, spec };
  const service = serviceManifest(metadata.namespace, metadata.name, { addresses: addressesOf(index), ...wishes });
  return `${JSON.stringify(proxy)}\n---\n${service}`;
}

function nameOf(index: number): string {
  return `guarded-${index}`;
}

function hostName(index: number): string {
  return `${nameOf(index)}.example.com`;
}
