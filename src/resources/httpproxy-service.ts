import { z } from "zod";
import { type Report, rule } from "#lib/schema-rules.ts";
import { portNumber } from "./fields.ts";
import { cookieRewritePolicy, headersPolicy, slowStartPolicy } from "./httpproxy-policies.ts";
import { secretReference, someText } from "./httpproxy-fields.ts";

const LONGEST_NAME = 250;

/** A name that an upstream's certificate is to have. */
export const subjectName = someText.max(LONGEST_NAME);

/** How an upstream's certificate is verified. `subjectNames`, where given, begins with `subjectName`, which it replaces. */
export const upstreamValidation = z
  .strictObject({
    /** A Secret with `ca.crt`. */
    caSecret: secretReference,
    subjectName,
    subjectNames: z.array(subjectName).min(1).max(8).exactOptional(),
  })
  .check(rule(checkSubjectNames));

/** One of a route's services, or of a TCP proxy's. */
export const proxyService = z.strictObject({
  name: someText,
  port: portNumber,
  /** Of the endpoints, for health checks; the same as the one for traffic unless given. */
  healthPort: portNumber.exactOptional(),
  /** Before the Service's own annotations. */
  protocol: z.enum(["h2", "h2c", "tls"]).exactOptional(),
  weight: z.int().min(0).exactOptional(),
  validation: upstreamValidation.exactOptional(),
  /** It gets a copy of each request, and its answers are dropped. */
  mirror: z.boolean().exactOptional(),
  requestHeadersPolicy: headersPolicy.exactOptional(),
  responseHeadersPolicy: headersPolicy.exactOptional(),
  cookieRewritePolicies: z.array(cookieRewritePolicy).default([]),
  slowStartPolicy: slowStartPolicy.exactOptional(),
});

function checkSubjectNames(
  { subjectName: first, subjectNames }: { readonly subjectName?: unknown; readonly subjectNames?: unknown },
  report: Report,
): void {
  if (!Array.isArray(subjectNames) || subjectNames.length === 0 || subjectNames[0] === first) return;
  report(["subjectNames"], "found another name first than subjectName", "repeat subjectName as the first of them");
}
