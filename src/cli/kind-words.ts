import { nearest } from "#lib/nearest.ts";
import { KINDS, type Kind } from "#resources/ref.ts";
import { UsageError } from "./context.ts";

const NAMES: Readonly<Record<Kind, readonly string[]>> = {
  Namespace: ["namespaces", "namespace", "ns"],
  Service: ["services", "service", "svc"],
  EndpointSlice: ["endpointslices", "endpointslice"],
  Endpoints: ["endpoints", "ep"],
  Secret: ["secrets", "secret"],
  IngressClass: ["ingressclasses", "ingressclass"],
  Ingress: ["ingresses", "ingress", "ing"],
  HTTPProxy: ["httpproxies", "httpproxy", "proxies", "proxy"],
  TLSCertificateDelegation: ["tlscertificatedelegations", "tlscertificatedelegation", "tlscerts"],
  ExtensionService: ["extensionservices", "extensionservice", "extsvc"],
  IngressRoute: ["ingressroutes", "ingressroute", "ir"],
};

/** The word for objects of a kind: `ingresses`. */
export function kindWord(kind: Kind): string {
  return NAMES[kind][0] ?? kind;
}

/** The words for kinds, as kubectl lists them. */
export const KIND_WORDS: readonly string[] = KINDS.map(kindWord);

/** Kinds as kubectl takes them: singular, plural, short. `all` is every kind. */
export function parseKind(word: string): Kind | undefined {
  const lower = word.toLowerCase();
  if (lower === "all") return undefined;
  const kind = KINDS.find((candidate) => NAMES[candidate].includes(lower));
  if (kind === undefined) {
    const meant = nearest(lower, Object.values(NAMES).flat());
    const guess = meant === undefined ? "" : `did you mean ${meant}? `;
    throw new UsageError(`there is no kind ${word}`, `${guess}use one of ${KIND_WORDS.join(", ")}, all`);
  }
  return kind;
}
