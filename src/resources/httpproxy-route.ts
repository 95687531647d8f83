import { z } from "zod";
import { text } from "#lib/schema-rules.ts";
import { portNumber, withoutEmpty } from "./fields.ts";
import { matchCondition } from "./httpproxy-conditions.ts";
import { optionalNamespace, someText, statusCode } from "./httpproxy-fields.ts";
import {
  authorizationPolicy,
  cookieRewritePolicy,
  headersPolicy,
  ipFilterPolicy,
  loadBalancerPolicy,
  rateLimitPolicy,
  retryPolicy,
  timeoutPolicy,
} from "./httpproxy-policies.ts";
import { proxyService } from "./httpproxy-service.ts";
import { checkSlashFirst } from "./httpproxy-texts.ts";
import { checkDnsSubdomain } from "./names.ts";

const REDIRECTS = [301, 302, 303, 307, 308] as const;

const requestRedirectPolicy = z.strictObject({
  scheme: z.enum(["http", "https"]).exactOptional(),
  hostname: text(checkDnsSubdomain).exactOptional(),
  port: portNumber.exactOptional(),
  /** The whole path; not together with `prefix`. */
  path: text(checkSlashFirst).exactOptional(),
  /** What replaces the matched prefix. */
  prefix: text(checkSlashFirst).exactOptional(),
  statusCode: z.literal(REDIRECTS).default(302),
});

const internalRedirectPolicy = z.strictObject({
  maxInternalRedirects: z.int().min(0).exactOptional(),
  redirectResponseCodes: z.array(z.literal(REDIRECTS)).default([]),
  allowCrossSchemeRedirect: z.enum(["Always", "Never", "SafeOnly"]).default("Never"),
  denyRepeatedRouteRedirect: z.boolean().exactOptional(),
});

const pathRewritePolicy = z.strictObject({
  replacePrefix: z.array(z.strictObject({ prefix: someText.exactOptional(), replacement: someText })).default([]),
});

const statusRange = z.strictObject({ start: statusCode(100, 599), end: statusCode(101, 600) });

const healthCheckPolicy = z.strictObject({
  path: z.string(),
  host: z.string().exactOptional(),
  intervalSeconds: z.int().exactOptional(),
  timeoutSeconds: z.int().exactOptional(),
  unhealthyThresholdCount: z.int().min(0).exactOptional(),
  healthyThresholdCount: z.int().min(0).exactOptional(),
  /** From `start` up to, not including, `end`. */
  expectedStatuses: z.array(statusRange).default([]),
});

/** Another proxy that gets what its conditions leave to it: to name it is to permit it. */
export const include = z
  .strictObject({
    name: someText,
    namespace: optionalNamespace,
    conditions: z.array(matchCondition).default([]),
  })
  .transform(withoutEmpty("namespace"));

export const route = z.strictObject({
  conditions: z.array(matchCondition).default([]),
  services: z.array(proxyService).default([]),
  requestRedirectPolicy: requestRedirectPolicy.exactOptional(),
  directResponsePolicy: z
    .strictObject({ statusCode: statusCode(200, 599), body: z.string().exactOptional() })
    .exactOptional(),
  internalRedirectPolicy: internalRedirectPolicy.exactOptional(),
  enableWebsockets: z.boolean().exactOptional(),
  permitInsecure: z.boolean().exactOptional(),
  authPolicy: authorizationPolicy.exactOptional(),
  timeoutPolicy: timeoutPolicy.exactOptional(),
  retryPolicy: retryPolicy.exactOptional(),
  healthCheckPolicy: healthCheckPolicy.exactOptional(),
  loadBalancerPolicy: loadBalancerPolicy.exactOptional(),
  pathRewritePolicy: pathRewritePolicy.exactOptional(),
  requestHeadersPolicy: headersPolicy.exactOptional(),
  responseHeadersPolicy: headersPolicy.exactOptional(),
  cookieRewritePolicies: z.array(cookieRewritePolicy).default([]),
  rateLimitPolicy: rateLimitPolicy.exactOptional(),
  jwtVerificationPolicy: z
    .strictObject({ require: z.string().exactOptional(), disabled: z.boolean().exactOptional() })
    .transform(withoutEmpty("require"))
    .exactOptional(),
  ipAllowPolicy: z.array(ipFilterPolicy).default([]),
  ipDenyPolicy: z.array(ipFilterPolicy).default([]),
});
