import { addressesOf, type ManifestWishes, serviceManifest, type Shape } from "./shape.ts";

/** The four proxies of a tree: each has a route and a Service of its own, and includes the next. */
export const LEVELS = ["root", "shop", "version", "items"] as const;
export type Level = (typeof LEVELS)[number];

const PREFIXES: Readonly<Record<Level, string>> = { root: "", shop: "/shop", version: "/v1", items: "/items" };

/** Each host a tree of HTTPProxies, includes three levels deep through the namespaces of three of a hundred teams. */
export const proxyShape: Shape = {
  counts: "proxies",
  perHost: LEVELS.length,
  manifest,
  hostName,
  path: "/shop/v1/items/1",
};

export interface ProxyWishes {
  readonly tls?: boolean;
  /** Which tree the include leads into; its own unless given. */
  readonly into?: number;
  /** Of what it includes. */
  readonly prefix?: string;
  /** Where its route sends to; a Service of its own name unless given. */
  readonly service?: string;
  /** A header that requests of its route have to have. */
  readonly header?: string;
}

/** The proxy of a level of tree number `index`. */
export function proxyManifest(index: number, level: Level, wishes: ProxyWishes = {}): string {
  const next = LEVELS[LEVELS.indexOf(level) + 1];
  const { into = index, prefix = next && PREFIXES[next], service = nameOf(index, level), header } = wishes;
  const spec = {
    ...(level === "root" ? { virtualhost: virtualHost(index, wishes) } : {}),
    routes: [
      {
        ...(header === undefined ? {} : { conditions: [{ header: { name: header, present: true } }] }),
        services: [{ name: service, port: 80 }],
      },
    ],
    ...(next === undefined
      ? {}
      : { includes: [{ name: nameOf(into, next), namespace: namespaceOf(into, next), conditions: [{ prefix }] }] }),
  };
  const metadata = { name: nameOf(index, level), namespace: namespaceOf(index, level) };
  return `${JSON.stringify({ apiVersion: "projectcontour.io/v1", kind: "HTTPProxy", metadata, spec })}\n`;
}

/** Lets the root of tree number `index` use its certificate, which is in a namespace of certificates; or nobody. */
export function delegationManifest(index: number, to: "root" | "nobody"): string {
  const targetNamespaces = to === "root" ? [namespaceOf(index, "root")] : [];
  const spec = { delegations: [{ secretName: certificateName(index), targetNamespaces }] };
  const metadata = { name: `tree-${index}`, namespace: CERTIFICATES };
  return `${JSON.stringify({ apiVersion: "projectcontour.io/v1", kind: "TLSCertificateDelegation", metadata, spec })}\n`;
}

/** Where the certificates of hosts with TLS are: `certificate-0` to `certificate-99`, and each tree's delegation. */
export const CERTIFICATES = "certificates";

export function certificateName(index: number): string {
  return `certificate-${index % 100}`;
}

function manifest(index: number, wishes: ManifestWishes = {}): string {
  const { tls = false } = wishes;
  const levels = LEVELS.map((level, depth) => {
    const addresses = addressesOf(index * LEVELS.length + depth);
    const service = serviceManifest(namespaceOf(index, level), nameOf(index, level), { addresses, ...wishes });
    return `${proxyManifest(index, level, { tls })}---\n${service}`;
  });
  return [...levels, ...(tls ? [delegationManifest(index, "root")] : [])].join("---\n");
}

function virtualHost(index: number, { tls = false }: ProxyWishes): object {
  const secretName = `${CERTIFICATES}/${certificateName(index)}`;
  return { fqdn: hostName(index), ...(tls ? { tls: { secretName } } : {}) };
}

function hostName(index: number): string {
  return `tree-${index}.example.com`;
}

function nameOf(index: number, level: Level): string {
  return `${level}-${index}`;
}

/** Each level belongs to another team; the last to the one that has the level above. */
export function namespaceOf(index: number, level: Level): string {
  return `team-${(index + Math.min(LEVELS.indexOf(level), 2)) % 100}`;
}
