import { z } from "zod";
import { describeValue } from "#lib/describe-value.ts";
import type { Immutable } from "#lib/immutable.ts";
import { type Report, rule, text } from "#lib/schema-rules.ts";
import { orEmpty, portNumber, textOrEmpty, withoutEmpty } from "./fields.ts";
import { objectMeta } from "./metadata.ts";
import { checkDnsLabel, checkDnsSubdomain, checkHost, checkPortName } from "./names.ts";

/** A Service's port: exactly one of `name` and `number`. */
const serviceBackendPort = z
  .strictObject({ name: text(checkPortName).exactOptional(), number: portNumber.exactOptional() })
  .check(rule(checkBackendPort));

const resource = z.strictObject({
  apiGroup: z.string().exactOptional(),
  kind: z.string().min(1),
  name: z.string().min(1),
});

/** Exactly one of `service` and `resource`. */
const backend = z
  .strictObject({
    service: z.strictObject({ name: text(checkDnsLabel), port: serviceBackendPort }).exactOptional(),
    resource: resource.exactOptional(),
  })
  .check(rule(checkBackend));

const path = z
  .strictObject({
    /** Empty only with `ImplementationSpecific`. */
    path: z.string().default(""),
    pathType: z.enum(["Exact", "Prefix", "ImplementationSpecific"]),
    backend,
  })
  .check(rule(checkPath));

const ingressRule = z.strictObject({
  /** Empty: every host that no other rule names. */
  host: textOrEmpty(checkHost),
  /** Absent: all of the host's requests go to the default backend. */
  http: z.strictObject({ paths: z.array(path).min(1) }).exactOptional(),
});

const tls = z
  .strictObject({
    hosts: z.array(text(checkHost)).default([]),
    secretName: orEmpty(checkDnsSubdomain).exactOptional(),
  })
  .transform(withoutEmpty("secretName"));

const ingressSpec = z
  .strictObject({
    ingressClassName: text(checkDnsSubdomain).exactOptional(),
    defaultBackend: backend.exactOptional(),
    rules: z.array(ingressRule).default([]),
    tls: z.array(tls).default([]),
  })
  .check(rule(checkSpec));

/** Ingress networking.k8s.io/v1. */
export const ingressSchema = z
  .strictObject({
    apiVersion: z.literal("networking.k8s.io/v1"),
    kind: z.literal("Ingress"),
    metadata: objectMeta(checkDnsSubdomain),
    spec: ingressSpec,
    status: z.unknown().exactOptional(),
  })
  .transform(({ apiVersion, kind, metadata, spec }) => ({ apiVersion, kind, metadata, spec }));

export type Ingress = Immutable<z.output<typeof ingressSchema>>;
export type IngressRule = Ingress["spec"]["rules"][number];
export type IngressPath = NonNullable<IngressRule["http"]>["paths"][number];
export type IngressBackend = IngressPath["backend"];
export type IngressTls = Ingress["spec"]["tls"][number];

function checkSpec(
  { defaultBackend, rules }: { readonly defaultBackend?: unknown; readonly rules?: unknown },
  report: Report,
): void {
  if (defaultBackend === undefined && Array.isArray(rules) && rules.length === 0) {
    report(["rules"], "missing, expected rules or a defaultBackend", "add one");
  }
}

function checkBackend(
  { service, resource }: { readonly service?: unknown; readonly resource?: unknown },
  report: Report,
): void {
  if (service === undefined && resource === undefined)
    report([], "found neither service nor resource, expected one", "add service");
  if (service !== undefined && resource !== undefined)
    report([], "found both service and resource, expected one", "remove one");
}

function checkBackendPort(
  { name, number }: { readonly name?: unknown; readonly number?: unknown },
  report: Report,
): void {
  if (name === undefined && number === undefined)
    report([], "found neither name nor number, expected one", "add number");
  if (name !== undefined && number !== undefined) report([], "found both name and number, expected one", "remove one");
}

/** The API server's list: such a path would not match what it seems to say after a proxy has normalised the request's. */
const UNCLEAR_PARTS = ["//", "/./", "/../", "%2f", "%2F"];

function checkPath({ path, pathType }: { readonly path?: unknown; readonly pathType?: unknown }, report: Report): void {
  if (typeof path !== "string") return;
  if (pathType === "ImplementationSpecific" && path === "") return;
  if (!path.startsWith("/")) {
    const found = path === "" ? "missing" : `found ${describeValue(path)}`;
    return report(["path"], `${found}, expected a path that starts with /`, path === "" ? "add it" : `write /${path}`);
  }
  if (pathType === "ImplementationSpecific") return;
  const unclear = UNCLEAR_PARTS.find((part) => path.includes(part)) ?? ["/..", "/."].find((end) => path.endsWith(end));
  if (unclear !== undefined) report(["path"], `found ${describeValue(path)}, expected a path without ${unclear}`);
}
