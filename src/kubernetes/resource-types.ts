import type { ResourceType } from "./resource-type.ts";

const core = (plural: string, kind: string, namespaced = true): ResourceType => ({
  group: "",
  version: "v1",
  plural,
  kind,
  namespaced,
});

/** The kinds of Kubernetes itself that are read or written here. */
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
export const LEASES: ResourceType = {
  group: "coordination.k8s.io",
  version: "v1",
  plural: "leases",
  kind: "Lease",
  namespaced: true,
};
