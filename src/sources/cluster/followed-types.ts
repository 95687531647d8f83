import type { ResourceType } from "#kubernetes/resource-type.ts";
import {
  ENDPOINT_SLICES,
  ENDPOINTS,
  INGRESS_CLASSES,
  INGRESSES,
  NAMESPACES,
  SECRETS,
  SERVICES,
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
};

/**
 * Kinds that are followed in all namespaces, from the beginning. Endpoints are only where a server has no EndpointSlices: where
 * it has, it makes slices of them. Secrets are only where something refers to one.
 */
export const ALWAYS_FOLLOWED = [
  "Namespace",
  "Service",
  "EndpointSlice",
  "IngressClass",
  "Ingress",
] as const satisfies Kind[];
