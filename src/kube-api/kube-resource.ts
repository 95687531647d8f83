import { compareText } from "#lib/compare.ts";
import { KIND_FACTS } from "#resources/kinds.ts";
import { type Kind, KINDS } from "#resources/ref.ts";

/** A kind as Kubernetes' API names it. */
export interface KubeResource {
  readonly kind: Kind;
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  /** The word in paths: `ingresses`. */
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly namespaced: boolean;
  /** Groups of resources that kubectl knows by one word: `all`. */
  readonly categories: readonly string[];
}

/** Those of Kubernetes itself and of Contour, as their own API servers tell them. */
const SHORT_NAMES: Readonly<Record<string, readonly string[]>> = {
  Namespace: ["ns"],
  Service: ["svc"],
  Endpoints: ["ep"],
  Ingress: ["ing"],
  HTTPProxy: ["proxy", "proxies"],
  IngressRoute: ["ir"],
  TLSCertificateDelegation: ["tlscerts"],
  Gateway: ["gtw"],
  GatewayClass: ["gc"],
  ReferenceGrant: ["refgrant"],
};

/** What `kubectl get all` lists: in Kubernetes, too, only these of our kinds. */
const IN_ALL: ReadonlySet<string> = new Set(["Service"]);

/** Every kind that Binnacle reads, in the order of groups, then names. */
export const KUBE_RESOURCES: readonly KubeResource[] = KINDS.map(describe).toSorted(
  (a, b) => compareText(a.group, b.group) || compareText(a.plural, b.plural),
);

export function kubeResource(kind: Kind): KubeResource {
  return KUBE_RESOURCES.find((resource) => resource.kind === kind)!;
}

/** `v1`, `networking.k8s.io/v1`. */
export function apiVersionOf({ group, version }: Pick<KubeResource, "group" | "version">): string {
  return group === "" ? version : `${group}/${version}`;
}

function describe(kind: Kind): KubeResource {
  const { apiVersion, namespaced } = KIND_FACTS[kind];
  const slash = apiVersion.indexOf("/");
  const singular = kind.toLowerCase();
  return {
    kind,
    group: apiVersion.slice(0, Math.max(0, slash)),
    version: apiVersion.slice(slash + 1),
    plural: pluralOf(singular),
    singular,
    shortNames: SHORT_NAMES[kind] ?? [],
    namespaced,
    categories: IN_ALL.has(kind) ? ["all"] : [],
  };
}

/** As apimachinery guesses it (`UnsafeGuessKindToResource`), which holds for every kind that we read. */
function pluralOf(singular: string): string {
  if (singular === "endpoints") return singular;
  if (singular.endsWith("s")) return `${singular}es`;
  return singular.endsWith("y") ? `${singular.slice(0, -1)}ies` : `${singular}s`;
}
