import type { EndpointSlice } from "./endpoint-slice.ts";
import type { Endpoints } from "./endpoints.ts";
import type { ExtensionService } from "./extension-service.ts";
import type { HttpProxy } from "./httpproxy.ts";
import type { IngressRoute } from "./ingressroute.ts";
import type { IngressClass } from "./ingress-class.ts";
import type { Ingress } from "./ingress.ts";
import type { Namespace } from "./namespace.ts";
import type { Kind, ObjectRef } from "./ref.ts";
import type { Secret } from "./secret.ts";
import type { Service } from "./service.ts";
import type { TlsCertificateDelegation } from "./tls-certificate-delegation.ts";

/**
 * An object as every room sees it: valid in itself, with the API server's defaults filled in, without `status`, and with
 * `metadata.namespace` empty for kinds that have none.
 */
export type Resource =
  | Namespace
  | Service
  | EndpointSlice
  | Endpoints
  | Secret
  | IngressClass
  | Ingress
  | HttpProxy
  | TlsCertificateDelegation
  | ExtensionService
  | IngressRoute;

export type ResourceOf<K extends Kind> = Extract<Resource, { readonly kind: K }>;

export type ObjectMeta = Resource["metadata"];

export function refOf({ kind, metadata }: Resource): ObjectRef {
  return { kind, namespace: metadata.namespace, name: metadata.name };
}
