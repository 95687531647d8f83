import { z } from "zod";
import type { Immutable } from "#lib/immutable.ts";
import { portNumber, text } from "./fields.ts";
import { objectMeta } from "./metadata.ts";
import { checkDnsLabel, checkDnsSubdomain, checkHost, checkPortName } from "./names.ts";

/** A Service's port: exactly one of `name` and `number`. */
const serviceBackendPort = z.strictObject({
  name: text(checkPortName).exactOptional(),
  number: portNumber.exactOptional(),
});

/** Exactly one of `service` and `resource`. */
const backend = z.strictObject({
  service: z.strictObject({ name: text(checkDnsLabel), port: serviceBackendPort }).exactOptional(),
  resource: z
    .strictObject({ apiGroup: z.string().exactOptional(), kind: z.string(), name: z.string() })
    .exactOptional(),
});

const path = z.strictObject({
  /** Empty only with `ImplementationSpecific`. */
  path: z.string().default(""),
  pathType: z.enum(["Exact", "Prefix", "ImplementationSpecific"]),
  backend,
});

const rule = z.strictObject({
  /** Empty: every host that no other rule names. */
  host: text((host) => (host === "" ? undefined : checkHost(host))).default(""),
  /** Absent: all of the host's requests go to the default backend. */
  http: z.strictObject({ paths: z.array(path).min(1) }).exactOptional(),
});

const tls = z.strictObject({
  hosts: z.array(text(checkHost)).default([]),
  secretName: text(checkDnsSubdomain).exactOptional(),
});

/** Ingress networking.k8s.io/v1. */
export const ingressSchema = z.strictObject({
  apiVersion: z.literal("networking.k8s.io/v1"),
  kind: z.literal("Ingress"),
  metadata: objectMeta(checkDnsSubdomain),
  spec: z.strictObject({
    ingressClassName: text(checkDnsSubdomain).exactOptional(),
    defaultBackend: backend.exactOptional(),
    rules: z.array(rule).default([]),
    tls: z.array(tls).default([]),
  }),
  status: z.unknown().exactOptional(),
});

export type Ingress = Immutable<Omit<z.output<typeof ingressSchema>, "status">>;
export type IngressRule = Ingress["spec"]["rules"][number];
export type IngressPath = NonNullable<IngressRule["http"]>["paths"][number];
export type IngressBackend = IngressPath["backend"];
export type IngressTls = Ingress["spec"]["tls"][number];
