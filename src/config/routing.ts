import { z } from "zod";
import { quote } from "#lib/describe-value.ts";
import { type Complaint, type Report, rule, text } from "#lib/schema-rules.ts";
import { checkDnsLabel, checkDnsSubdomain } from "#resources/names.ts";
import { duration } from "./setting.ts";

const tlsVersion = z.enum(["1.2", "1.3"]);

/** `routing`: what applies to every route unless an object says otherwise. */
export const routing = z
  .strictObject({
    ingressClass: text(checkDnsSubdomain)
      .default("binnacle")
      .describe("Ingresses of this class are served, also without an IngressClass object of this name."),
    claimUnclassed: z
      .boolean()
      .default(true)
      .describe("Whether Ingresses without a class are served when no IngressClass is marked as the default."),
    httpsRedirect: z
      .boolean()
      .default(true)
      .describe(
        "Whether plain HTTP redirects to HTTPS on hosts with TLS; an Ingress can say otherwise with binnacle.dev/ssl-redirect.",
      ),
    rootNamespaces: z
      .array(text(checkDnsLabel))
      .default([])
      .describe("The namespaces whose HTTPProxies may have hosts of their own; empty: all."),
    permitInsecure: z
      .boolean()
      .default(true)
      .describe("Whether a route of an HTTPProxy may ask for plain HTTP on a host with TLS."),
    rateLimit: z
      .strictObject({
        extensionService: text(checkReference).describe(
          "The ExtensionService that answers, as namespace/name: a server of Envoy's rate-limit protocol, version 3.",
        ),
        domain: z.string().min(1).default("binnacle").describe("The domain that its limits are written for."),
        failOpen: z.boolean().default(false).describe("Whether requests pass when it cannot be asked."),
        headers: z.boolean().default(false).describe("Whether answers tell clients of their limits (X-RateLimit-…)."),
        resourceExhausted: z
          .boolean()
          .default(false)
          .describe("Whether gRPC clients get RESOURCE_EXHAUSTED instead of UNAVAILABLE."),
      })
      .exactOptional()
      .describe("The service for the global rate limits of HTTPProxies; without it they have no effect."),
    fallbackCertificate: text(checkReference)
      .exactOptional()
      .describe(
        "The Secret of type kubernetes.io/tls, as namespace/name, for clients that name no host here; which hosts they reach, HTTPProxies say with enableFallbackCertificate.",
      ),
    tls: z
      .strictObject({
        minimumVersion: tlsVersion.default("1.2").describe("The oldest TLS version that clients may use."),
        maximumVersion: tlsVersion.default("1.3").describe("The newest TLS version that clients may use."),
      })
      .check(rule(checkVersions))
      .prefault({}),
    requestTimeout: duration(0).prefault("15s").describe("How long a whole response may take; 0s is no limit."),
    streamIdleTimeout: duration(0)
      .prefault("5m")
      .describe("How long a stream may be silent on both sides; 0s is no limit."),
    connectTimeout: duration().prefault("2s").describe("How long connecting to an upstream may take."),
  })
  .prefault({});

function checkVersions(
  { minimumVersion, maximumVersion }: { readonly minimumVersion?: unknown; readonly maximumVersion?: unknown },
  report: Report,
): void {
  if (minimumVersion === "1.3" && maximumVersion === "1.2") {
    report(
      ["minimumVersion"],
      "found 1.3, which is above maximumVersion 1.2",
      "raise the maximum or lower the minimum",
    );
  }
}

function checkReference(value: string): Complaint | undefined {
  const [namespace = "", name = "", ...more] = value.split("/");
  if (more.length > 0 || name === "") return { message: `found ${quote(value)}, expected namespace/name` };
  return checkDnsLabel(namespace) ?? checkDnsSubdomain(name);
}
