import type { ResourceType } from "./resource-type.ts";

const core = (plural: string, kind: string, namespaced = true): ResourceType => ({
  group: "",
  version: "v1",
  plural,
  kind,
  namespaced,
});

/** The kinds that are read or written here: Kubernetes' own, and Contour's. */
export const NAMESPACES = core("namespaces", "Namespace", false);
export const SERVICES = core("services", "Service");
export const ENDPOINTS = core("endpoints", "Endpoints");
export const SECRETS = core("secrets", "Secret");
export const EVENTS = core("events", "Event");
export const ENDPOINT_SLICES: ResourceType = {
  group: "discovery.k8s.io",
  version: "v1",
  plural: "endpointslices",
  kind: "EndpointSlice",
  namespaced: true,
};
export const INGRESSES: ResourceType = {
  group: "networking.k8s.io",
  version: "v1",
  plural: "ingresses",
  kind: "Ingress",
  namespaced: true,
};
export const INGRESS_CLASSES: ResourceType = {
  ...INGRESSES,
  plural: "ingressclasses",
  kind: "IngressClass",
  namespaced: false,
};
export const HTTP_PROXIES: ResourceType = {
  group: "projectcontour.io",
  version: "v1",
  plural: "httpproxies",
  kind: "HTTPProxy",
  namespaced: true,
};
export const TLS_CERTIFICATE_DELEGATIONS: ResourceType = {
  ...HTTP_PROXIES,
  plural: "tlscertificatedelegations",
  kind: "TLSCertificateDelegation",
};
export const EXTENSION_SERVICES: ResourceType = {
  ...HTTP_PROXIES,
  version: "v1alpha1",
  plural: "extensionservices",
  kind: "ExtensionService",
};
/** What HTTPProxy came from. */
export const INGRESS_ROUTES: ResourceType = {
  group: "contour.heptio.com",
  version: "v1beta1",
  plural: "ingressroutes",
  kind: "IngressRoute",
  namespaced: true,
};
export const LEASES: ResourceType = {
  group: "coordination.k8s.io",
  version: "v1",
  plural: "leases",
  kind: "Lease",
  namespaced: true,
};
export const CUSTOM_RESOURCE_DEFINITIONS: ResourceType = {
  group: "apiextensions.k8s.io",
  version: "v1",
  plural: "customresourcedefinitions",
  kind: "CustomResourceDefinition",
  namespaced: false,
};
