import { isIPv4 } from "node:net";
import { z } from "zod";
import { maps, type Report, rule, text } from "#lib/schema-rules.ts";
import { withoutEmpty } from "./fields.ts";
import {
  goDuration,
  goDurationOrInfinity,
  secretReference,
  secretReferenceOrEmpty,
  someText,
} from "./httpproxy-fields.ts";
import { authorizationPolicy, corsPolicy, ipFilterPolicy, rateLimitPolicy } from "./httpproxy-policies.ts";
import { upstreamValidation } from "./httpproxy-service.ts";
import { checkHost } from "./names.ts";

const clientValidation = z.strictObject({
  /** A Secret with `ca.crt`. */
  caSecret: secretReference.exactOptional(),
  /** A Secret with `crl.pem`. */
  crlSecret: secretReference.exactOptional(),
  crlOnlyVerifyLeafCert: z.boolean().exactOptional(),
  skipClientCertValidation: z.boolean().exactOptional(),
  optionalClientCertificate: z.boolean().exactOptional(),
  forwardClientCertificate: z
    .strictObject({
      subject: z.boolean().exactOptional(),
      cert: z.boolean().exactOptional(),
      chain: z.boolean().exactOptional(),
      dns: z.boolean().exactOptional(),
      uri: z.boolean().exactOptional(),
    })
    .exactOptional(),
});

const tls = z
  .strictObject({
    secretName: secretReferenceOrEmpty.exactOptional(),
    minimumProtocolVersion: z.string().exactOptional(),
    maximumProtocolVersion: z.string().exactOptional(),
    /** The upstream ends the TLS connection; not together with a Secret. */
    passthrough: z.boolean().exactOptional(),
    clientValidation: clientValidation.exactOptional(),
    enableFallbackCertificate: z.boolean().exactOptional(),
  })
  .transform(withoutEmpty("secretName"));

const headerNameMatch = z
  .strictObject({
    exact: z.string().exactOptional(),
    prefix: z.string().exactOptional(),
    suffix: z.string().exactOptional(),
    contains: z.string().exactOptional(),
    ignoreCase: z.boolean().exactOptional(),
  })
  .check(rule(checkOneForm));

const httpAuthorization = z.strictObject({
  pathPrefix: z.string().exactOptional(),
  allowedAuthorizationHeaders: z.array(headerNameMatch).default([]),
  allowedUpstreamHeaders: z.array(headerNameMatch).default([]),
});

const authorization = z
  .strictObject({
    extensionRef: z
      .strictObject({
        apiVersion: someText.exactOptional(),
        namespace: someText.exactOptional(),
        name: someText.exactOptional(),
      })
      .exactOptional(),
    serviceType: z.enum(["grpc", "http"]).default("grpc"),
    httpSettings: httpAuthorization.exactOptional(),
    authPolicy: authorizationPolicy.exactOptional(),
    responseTimeout: goDurationOrInfinity.exactOptional(),
    failOpen: z.boolean().exactOptional(),
    withRequestBody: z
      .strictObject({
        maxRequestBytes: z.int().min(1).default(1024),
        allowPartialMessage: z.boolean().exactOptional(),
        packAsBytes: z.boolean().exactOptional(),
      })
      .exactOptional(),
  })
  .check(rule(checkHttpSettings));

const jwtProvider = z
  .strictObject({
    name: someText,
    /** For every route that says nothing of its own. */
    default: z.boolean().exactOptional(),
    issuer: z.string().exactOptional(),
    audiences: z.array(z.string()).default([]),
    remoteJWKS: z
      .strictObject({
        uri: someText,
        validation: upstreamValidation.exactOptional(),
        timeout: goDuration.exactOptional(),
        cacheDuration: goDuration.exactOptional(),
        dnsLookupFamily: z.enum(["auto", "v4", "v6"]).exactOptional(),
      })
      .exactOptional(),
    localJWKS: z.strictObject({ secretName: someText, key: someText }).exactOptional(),
    forwardJWT: z.boolean().exactOptional(),
  })
  .check(rule(checkJwks));

/** What makes a proxy a root: a host of its own. */
export const virtualHost = z.strictObject({
  fqdn: text((value) => (isIPv4(value) ? undefined : checkHost(value))),
  tls: tls.exactOptional(),
  authorization: authorization.exactOptional(),
  corsPolicy: corsPolicy.exactOptional(),
  rateLimitPolicy: rateLimitPolicy.exactOptional(),
  jwtProviders: z.array(jwtProvider).default([]),
  ipAllowPolicy: z.array(ipFilterPolicy).default([]),
  ipDenyPolicy: z.array(ipFilterPolicy).default([]),
});

const FORMS = ["exact", "prefix", "suffix", "contains"] as const;

function checkOneForm(match: Partial<Readonly<Record<string, unknown>>>, report: Report): void {
  const given = FORMS.filter((form) => match[form] !== undefined);
  if (given.length !== 1)
    report([], `found ${given.join(" and ") || "none"}, expected exactly one of ${FORMS.join(", ")}`);
}

function checkHttpSettings(
  { serviceType, httpSettings }: { readonly serviceType?: unknown; readonly httpSettings?: unknown },
  report: Report,
): void {
  if (httpSettings !== undefined && serviceType !== "http")
    report(["httpSettings"], "only for a serviceType of http", "remove it, or set serviceType: http");
}

function checkJwks(provider: { readonly remoteJWKS?: unknown; readonly localJWKS?: unknown }, report: Report): void {
  const given = maps([provider.remoteJWKS, provider.localJWKS].filter((jwks) => jwks !== undefined));
  if (given.length === 0) report([], "found neither remoteJWKS nor localJWKS, expected one", "add remoteJWKS");
  if (given.length > 1) report([], "found both remoteJWKS and localJWKS, expected one", "remove one");
}
