import type { z } from "zod";
import { nearest } from "#lib/nearest.ts";
import type { Problem } from "#lib/problem.ts";
import { endpointSliceSchema } from "./endpoint-slice.ts";
import { endpointsSchema } from "./endpoints.ts";
import { extensionServiceSchema } from "./extension-service.ts";
import { httpProxySchema } from "./httpproxy.ts";
import { ingressClassSchema } from "./ingress-class.ts";
import { ingressRouteSchema } from "./ingressroute.ts";
import { ingressSchema } from "./ingress.ts";
import { namespaceSchema } from "./namespace.ts";
import { type Kind, KINDS } from "./ref.ts";
import type { ResourceOf } from "./resource.ts";
import { secretSchema } from "./secret.ts";
import { serviceSchema } from "./service.ts";
import { tlsCertificateDelegationSchema } from "./tls-certificate-delegation.ts";

interface KindFacts<K extends Kind> {
  readonly apiVersion: string;
  /** Whether its objects live in namespaces. */
  readonly namespaced: boolean;
  readonly schema: z.ZodType<ResourceOf<K>>;
}

export const KIND_FACTS: { readonly [K in Kind]: KindFacts<K> } = {
  Namespace: { apiVersion: "v1", namespaced: false, schema: namespaceSchema },
  Service: { apiVersion: "v1", namespaced: true, schema: serviceSchema },
  EndpointSlice: { apiVersion: "discovery.k8s.io/v1", namespaced: true, schema: endpointSliceSchema },
  Endpoints: { apiVersion: "v1", namespaced: true, schema: endpointsSchema },
  Secret: { apiVersion: "v1", namespaced: true, schema: secretSchema },
  IngressClass: { apiVersion: "networking.k8s.io/v1", namespaced: false, schema: ingressClassSchema },
  Ingress: { apiVersion: "networking.k8s.io/v1", namespaced: true, schema: ingressSchema },
  HTTPProxy: { apiVersion: "projectcontour.io/v1", namespaced: true, schema: httpProxySchema },
  TLSCertificateDelegation: {
    apiVersion: "projectcontour.io/v1",
    namespaced: true,
    schema: tlsCertificateDelegationSchema,
  },
  ExtensionService: { apiVersion: "projectcontour.io/v1alpha1", namespaced: true, schema: extensionServiceSchema },
  IngressRoute: { apiVersion: "contour.heptio.com/v1beta1", namespaced: true, schema: ingressRouteSchema },
};

/** API groups that hold kinds of ours, or did: a kind of the same name in any other group is somebody else's. */
const OUR_GROUPS: ReadonlySet<string> = new Set([
  "",
  "networking.k8s.io",
  "discovery.k8s.io",
  "extensions",
  "projectcontour.io",
  "contour.heptio.com",
]);

/** What a change of version asks for besides the version. */
const MOVES: Partial<Record<Kind, string>> = {
  Ingress: " and move serviceName and servicePort of a backend to service.name and service.port, and add pathType",
  EndpointSlice: " and move topology of an endpoint to nodeName and zone",
};

/** What `apiVersion` and `kind` of a document say. */
export type RecognisedKind =
  | { readonly type: "known"; readonly kind: Kind }
  /** Probably meant to be `kind`, if that can be told. */
  | { readonly type: "wrong"; readonly kind?: Kind; readonly problem: Problem }
  /** A kind that is not read. */
  | { readonly type: "other" };

export function recogniseKind(apiVersion: string, kind: string): RecognisedKind {
  const ours = KINDS.find((known) => known === kind);
  if (ours === undefined) {
    const meant = OUR_GROUPS.has(groupOf(apiVersion)) ? nearest(kind, KINDS) : undefined;
    const near = KINDS.find((known) => known === meant);
    return near === undefined ? { type: "other" } : { type: "wrong", kind: near, problem: wrongKind(kind, near) };
  }
  const expected = KIND_FACTS[ours].apiVersion;
  if (apiVersion === expected) return { type: "known", kind: ours };
  const oursProbably = OUR_GROUPS.has(groupOf(apiVersion)) || nearest(apiVersion, [expected]) !== undefined;
  return oursProbably ? { type: "wrong", kind: ours, problem: wrongVersion(apiVersion, ours) } : { type: "other" };
}

function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf("/");
  return slash < 0 ? "" : apiVersion.slice(0, slash);
}

function wrongKind(kind: string, meant: Kind): Problem {
  return { severity: "error", path: "kind", message: `unknown kind ${kind}`, fix: `write ${meant}` };
}

function wrongVersion(apiVersion: string, kind: Kind): Problem {
  const expected = KIND_FACTS[kind].apiVersion;
  const old = /beta|alpha/.test(apiVersion) && !/contour/.test(groupOf(apiVersion));
  return {
    severity: "error",
    path: "apiVersion",
    message: old ? `${apiVersion} of ${kind} is no longer served by Kubernetes` : `${kind} is not in ${apiVersion}`,
    fix: `write ${expected}${old ? (MOVES[kind] ?? "") : ""}`,
  };
}
