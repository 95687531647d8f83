import { z } from "zod";
import { text } from "#lib/schema-rules.ts";
import { textMap } from "./fields.ts";
import { headerMatchCondition } from "./httpproxy-conditions.ts";
import { goDuration, goDurationOrInfinity, someText, statusCode } from "./httpproxy-fields.ts";
import { checkCookieName, checkCookiePath, checkDomain, checkToken } from "./httpproxy-texts.ts";
import { RETRY_ON } from "./retry-on.ts";

const headerValue = z.strictObject({ name: someText, value: someText });

export const headersPolicy = z.strictObject({
  set: z.array(headerValue).default([]),
  remove: z.array(z.string()).default([]),
});

export const cookieRewritePolicy = z.strictObject({
  name: text(checkCookieName),
  pathRewrite: z.strictObject({ value: text(checkCookiePath) }).exactOptional(),
  domainRewrite: z.strictObject({ value: text(checkDomain) }).exactOptional(),
  secure: z.boolean().exactOptional(),
  sameSite: z.enum(["Strict", "Lax", "None"]).exactOptional(),
});

export const timeoutPolicy = z.strictObject({
  response: goDurationOrInfinity.exactOptional(),
  idle: goDurationOrInfinity.exactOptional(),
  idleConnection: goDurationOrInfinity.exactOptional(),
});

export const retryPolicy = z.strictObject({
  /** -1: none. 0 counts as 1. */
  count: z.int().min(-1).default(1),
  perTryTimeout: goDurationOrInfinity.exactOptional(),
  retryOn: z.array(z.enum(RETRY_ON)).default([]),
  retriableStatusCodes: z.array(z.int()).default([]),
});

const requestHashPolicy = z.strictObject({
  terminal: z.boolean().exactOptional(),
  headerHashOptions: z.strictObject({ headerName: someText }).exactOptional(),
  queryParameterHashOptions: z.strictObject({ parameterName: someText }).exactOptional(),
  hashSourceIP: z.boolean().exactOptional(),
});

export const loadBalancerPolicy = z.strictObject({
  /** Any other word is round robin, as in Contour. */
  strategy: z.string().exactOptional(),
  requestHashPolicies: z.array(requestHashPolicy).default([]),
});

export const ipFilterPolicy = z.strictObject({
  /** `Peer` is who is connected, `Remote` whom trusted proxies in front name. */
  source: z.enum(["Peer", "Remote"]),
  cidr: z.string(),
});

export const authorizationPolicy = z.strictObject({
  disabled: z.boolean().exactOptional(),
  context: textMap.exactOptional(),
});

const localRateLimitPolicy = z.strictObject({
  requests: z.int().min(1),
  unit: z.enum(["second", "minute", "hour"]),
  burst: z.int().min(0).exactOptional(),
  responseStatusCode: statusCode(400, 599).exactOptional(),
  responseHeadersToAdd: z.array(headerValue).default([]),
});

/** Exactly one of its four forms; which, is the translation's concern. */
const descriptorEntry = z.strictObject({
  genericKey: z.strictObject({ key: z.string().exactOptional(), value: someText }).exactOptional(),
  requestHeader: z.strictObject({ headerName: someText, descriptorKey: someText }).exactOptional(),
  requestHeaderValueMatch: z
    .strictObject({
      headers: z.array(headerMatchCondition).min(1).exactOptional(),
      expectMatch: z.boolean().default(true),
      value: someText,
    })
    .exactOptional(),
  remoteAddress: z.strictObject({}).exactOptional(),
});

const globalRateLimitPolicy = z.strictObject({
  disabled: z.boolean().exactOptional(),
  descriptors: z
    .array(z.strictObject({ entries: z.array(descriptorEntry).min(1) }))
    .min(1)
    .exactOptional(),
});

export const rateLimitPolicy = z.strictObject({
  local: localRateLimitPolicy.exactOptional(),
  global: globalRateLimitPolicy.exactOptional(),
});

const token = text(checkToken);

export const corsPolicy = z.strictObject({
  allowOrigin: z.array(z.string()).min(1),
  allowMethods: z.array(token).min(1),
  allowHeaders: z.array(token).min(1).exactOptional(),
  exposeHeaders: z.array(token).min(1).exactOptional(),
  /** 0: nothing is kept. */
  maxAge: goDuration.exactOptional(),
  allowCredentials: z.boolean().exactOptional(),
  allowPrivateNetwork: z.boolean().exactOptional(),
});

export const slowStartPolicy = z.strictObject({
  window: goDuration,
  aggression: text((value) =>
    /^(\d+(\.\d+)?|\.\d+)$/.test(value) ? undefined : { message: `found ${value}, expected a number such as "1.5"` },
  ).default("1.0"),
  minWeightPercent: z.int().min(0).max(100).default(10),
});
