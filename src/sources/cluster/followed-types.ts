import type { ResourceType } from "#kubernetes/resource-type.ts";
import {
  ENDPOINT_SLICES,
  ENDPOINTS,
  EXTENSION_SERVICES,
  HTTP_PROXIES,
  INGRESS_CLASSES,
  INGRESS_ROUTES,
  INGRESSES,
  NAMESPACES,
  SECRETS,
  SERVICES,
  TLS_CERTIFICATE_DELEGATIONS,
} from "#kubernetes/resource-types.ts";
import type { Kind } from "#resources/ref.ts";

/** How the API names each kind that is read. */
export const RESOURCE_TYPES: Readonly<Record<Kind, ResourceType>> = {
  Namespace: NAMESPACES,
  Service: SERVICES,
  EndpointSlice: ENDPOINT_SLICES,
  Endpoints: ENDPOINTS,
  Secret: SECRETS,
  IngressClass: INGRESS_CLASSES,
  Ingress: INGRESSES,
  HTTPProxy: HTTP_PROXIES,
  TLSCertificateDelegation: TLS_CERTIFICATE_DELEGATIONS,
  ExtensionService: EXTENSION_SERVICES,
  IngressRoute: INGRESS_ROUTES,
};

/**
 * Kinds that are followed in all namespaces, from the beginning. Endpoints are only where a server has no EndpointSlices: where
 * it has, it makes slices of them. Secrets are only where something refers to one.
 * Where a server has none of Contour's kinds, their definitions are waited for.
 */
export const ALWAYS_FOLLOWED = [
  "Namespace",
  "Service",
  "EndpointSlice",
  "IngressClass",
  "Ingress",
  "HTTPProxy",
  "TLSCertificateDelegation",
  "ExtensionService",
  "IngressRoute",
] as const satisfies Kind[];

/**
 * Contour's kinds, of today and of before, which are there once somebody defines them. A server without them may answer that they
 * are forbidden.
 */
export const CUSTOM_KINDS: ReadonlySet<Kind> = new Set([
  "HTTPProxy",
  "TLSCertificateDelegation",
  "ExtensionService",
  "IngressRoute",
]);
