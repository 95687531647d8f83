import { SERVICE_NAME_LABEL } from "#resources/endpoint-slice.ts";
import type { Ingress } from "#resources/ingress.ts";
import type { IndexDefinition } from "#store/indexes.ts";
import { ANY_HOST } from "./ir.ts";

/** The questions that translation asks of the store, by name. */
export const INGRESS_BY_HOST = "ingress-by-host";
export const INGRESS_BY_TLS_HOST = "ingress-by-tls-host";
export const SLICES_BY_SERVICE = "slices-by-service";
export const DEFAULT_INGRESS_CLASSES = "default-ingress-classes";
export const PROXY_BY_FQDN = "proxy-by-fqdn";
/** HTTPProxies without a host of their own, each under its {@link partKey}. */
export const PROXY_PARTS = "proxy-parts";
/** As the two above, of IngressRoutes. */
export const INGRESSROUTE_BY_FQDN = "ingressroute-by-fqdn";
export const INGRESSROUTE_PARTS = "ingressroute-parts";
/** ExtensionServices, each under its {@link partKey}. */
export const EXTENSIONS = "extensions";
/** TLSCertificateDelegations by {@link delegationKey}. */
export const DELEGATIONS = "delegations";

const DEFAULT_CLASS_ANNOTATION = "ingressclass.kubernetes.io/is-default-class";

export const TRANSLATION_INDEXES: readonly IndexDefinition[] = [
  {
    name: INGRESS_BY_HOST,
    kind: "Ingress",
    keys: (object) => (object.kind === "Ingress" ? ingressHosts(object) : []),
  },
  {
    name: INGRESS_BY_TLS_HOST,
    kind: "Ingress",
    keys: (object) =>
      object.kind === "Ingress" ? object.spec.tls.flatMap(({ hosts }) => tlsHosts(object, hosts)) : [],
  },
  {
    name: SLICES_BY_SERVICE,
    kind: "EndpointSlice",
    keys: ({ metadata }) => {
      const service = metadata.labels[SERVICE_NAME_LABEL];
      return service === undefined ? [] : [serviceKey(metadata.namespace, service)];
    },
  },
  {
    name: DEFAULT_INGRESS_CLASSES,
    kind: "IngressClass",
    keys: ({ metadata }) => (metadata.annotations[DEFAULT_CLASS_ANNOTATION] === "true" ? [""] : []),
  },
  {
    name: PROXY_BY_FQDN,
    kind: "HTTPProxy",
    keys: (object) =>
      object.kind === "HTTPProxy" && object.spec.virtualhost !== undefined ? [object.spec.virtualhost.fqdn] : [],
  },
  {
    name: PROXY_PARTS,
    kind: "HTTPProxy",
    keys: (object) =>
      object.kind === "HTTPProxy" && object.spec.virtualhost === undefined
        ? [partKey(object.metadata.namespace, object.metadata.name)]
        : [],
  },
  {
    name: INGRESSROUTE_BY_FQDN,
    kind: "IngressRoute",
    keys: (object) =>
      object.kind === "IngressRoute" && object.spec.virtualhost !== undefined ? [object.spec.virtualhost.fqdn] : [],
  },
  {
    name: INGRESSROUTE_PARTS,
    kind: "IngressRoute",
    keys: (object) =>
      object.kind === "IngressRoute" && object.spec.virtualhost === undefined
        ? [`${partKey(object.metadata.namespace, object.metadata.name)}/IngressRoute`]
        : [],
  },
  {
    name: EXTENSIONS,
    kind: "ExtensionService",
    keys: ({ metadata: { namespace, name } }) => [partKey(namespace, name)],
  },
  {
    name: DELEGATIONS,
    kind: "TLSCertificateDelegation",
    keys: (object) =>
      object.kind === "TLSCertificateDelegation"
        ? object.spec.delegations.flatMap(({ secretName, targetNamespaces }) =>
            targetNamespaces.map((target) => delegationKey(object.metadata.namespace, secretName, target)),
          )
        : [],
    keysTellAll: true,
  },
];

/** The hosts that an Ingress has rules for; one without rules is for {@link ANY_HOST}. */
export function ingressHosts(ingress: Ingress): readonly string[] {
  const hosts = ingress.spec.rules.map(({ host }) => (host === "" ? ANY_HOST : host));
  return hosts.length === 0 ? [ANY_HOST] : hosts;
}

/** The hosts that a TLS entry is for; one that names none is for all hosts of its Ingress. */
export function tlsHosts(ingress: Ingress, named: readonly string[]): readonly string[] {
  return named.length === 0 ? ingressHosts(ingress) : named;
}

export function serviceKey(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

/** A Secret may be used by objects of a namespace; `*`: of all. */
export function delegationKey(namespace: string, secret: string, target: string): string {
  return `${namespace}/${secret} ${target}`;
}

export function partKey(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}
