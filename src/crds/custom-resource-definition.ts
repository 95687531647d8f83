import { apiVersionOf, kubeResource } from "#kube-api/kube-resource.ts";
import { KIND_FACTS } from "#resources/kinds.ts";
import type { DefinedKind } from "./defined-kinds.ts";
import { statusSchema } from "./status-schemas.ts";
import { structuralSchema } from "./structural-schema.ts";

/** CustomResourceDefinition apiextensions.k8s.io/v1. */
export interface CustomResourceDefinition {
  readonly apiVersion: "apiextensions.k8s.io/v1";
  readonly kind: "CustomResourceDefinition";
  readonly metadata: { readonly name: string };
  readonly spec: object;
}

/** A kind's definition, with the names, columns and sub-resource that Contour's has, and the schema that reads it here. */
export function customResourceDefinition(kind: DefinedKind): CustomResourceDefinition {
  const { group, version, plural, singular, shortNames } = kubeResource(kind);
  const columns = COLUMNS[kind];
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      names: { kind, listKind: `${kind}List`, plural, singular, ...(shortNames.length === 0 ? {} : { shortNames }) },
      scope: "Namespaced",
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          ...(columns.length === 0 ? {} : { additionalPrinterColumns: columns }),
          schema: { openAPIV3Schema: objectSchema(kind) },
          subresources: { status: {} },
        },
      ],
    },
  };
}

function objectSchema(kind: DefinedKind): object {
  return {
    description: `${kind} ${apiVersionOf(kubeResource(kind))}: ${DESCRIPTIONS[kind]}`,
    type: "object",
    required: ["metadata", "spec"],
    properties: {
      apiVersion: { type: "string" },
      kind: { type: "string" },
      metadata: { type: "object" },
      spec: structuralSchema(KIND_FACTS[kind].schema, "spec", kind),
      status: statusSchema(kind),
    },
  };
}

const DESCRIPTIONS: Readonly<Record<DefinedKind, string>> = {
  HTTPProxy: "a host and its routes, or a part of them that others include",
  TLSCertificateDelegation: "which namespaces may use Secrets of its own one",
  ExtensionService: "Services that Envoy itself asks",
  IngressRoute: "what HTTPProxy came from",
};

interface PrinterColumn {
  readonly name: string;
  readonly type: "string";
  readonly description: string;
  readonly jsonPath: string;
}

const column = (name: string, description: string, jsonPath: string): PrinterColumn => ({
  name,
  type: "string",
  description,
  jsonPath,
});

const FQDN = column("FQDN", "Fully qualified domain name", ".spec.virtualhost.fqdn");
const TLS_SECRET = column("TLS Secret", "Secret with TLS credentials", ".spec.virtualhost.tls.secretName");
const STATUS = column("Status", "How it is", ".status.currentStatus");
const STATUS_DESCRIPTION = column("Status Description", "What is wrong with it", ".status.description");

/** Contour's own, which its users' eyes and scripts know. */
const COLUMNS: Readonly<Record<DefinedKind, readonly PrinterColumn[]>> = {
  HTTPProxy: [FQDN, TLS_SECRET, STATUS, STATUS_DESCRIPTION],
  TLSCertificateDelegation: [],
  ExtensionService: [],
  IngressRoute: [
    FQDN,
    TLS_SECRET,
    column("First route", "First of its prefixes", ".spec.routes[0].match"),
    STATUS,
    STATUS_DESCRIPTION,
  ],
};
