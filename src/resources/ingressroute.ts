import { z } from "zod";
import { quote } from "#lib/describe-value.ts";
import type { Immutable } from "#lib/immutable.ts";
import { type Complaint, maps, type Report, rule, text } from "#lib/schema-rules.ts";
import { portNumber, withoutEmpty } from "./fields.ts";
import {
  goDuration,
  goDurationOrInfinity,
  optionalNamespace,
  secretReference,
  secretReferenceOrEmpty,
  someText,
} from "./httpproxy-fields.ts";
import { checkSlashFirst } from "./httpproxy-texts.ts";
import { subjectName } from "./httpproxy-service.ts";
import { objectMeta } from "./metadata.ts";
import { checkDnsSubdomain, checkHost } from "./names.ts";

const delegate = z.strictObject({ name: someText, namespace: optionalNamespace }).transform(withoutEmpty("namespace"));

const service = z.strictObject({
  name: someText,
  port: portNumber,
  weight: z.int().min(0).exactOptional(),
  /** Any other word than the four that HTTPProxy has, too, is round robin. */
  strategy: z.string().exactOptional(),
  healthCheck: z
    .strictObject({
      path: text(checkSlashFirst),
      host: z.string().exactOptional(),
      intervalSeconds: z.int().exactOptional(),
      timeoutSeconds: z.int().exactOptional(),
      unhealthyThresholdCount: z.int().min(0).exactOptional(),
      healthyThresholdCount: z.int().min(0).exactOptional(),
    })
    .exactOptional(),
  validation: z.strictObject({ caSecret: secretReference, subjectName }).exactOptional(),
});

const route = z.strictObject({
  /** A prefix, in full: also below a delegation it begins with what was delegated. */
  match: text(checkSlashFirst),
  services: z.array(service).default([]),
  /** Another IngressRoute that gets what begins with `match`: to name it is to permit it. */
  delegate: delegate.exactOptional(),
  enableWebsockets: z.boolean().exactOptional(),
  permitInsecure: z.boolean().exactOptional(),
  /** What replaces the whole of `match`. */
  prefixRewrite: someText.exactOptional(),
  timeoutPolicy: z.strictObject({ request: goDurationOrInfinity.exactOptional() }).exactOptional(),
  retryPolicy: z
    .strictObject({
      /** 0 counts as 1. */
      count: z.int().min(0).exactOptional(),
      perTryTimeout: goDuration.exactOptional(),
    })
    .exactOptional(),
});

const spec = z
  .strictObject({
    virtualhost: z
      .strictObject({
        fqdn: text(checkFqdn),
        tls: z
          .strictObject({
            secretName: secretReferenceOrEmpty.exactOptional(),
            minimumProtocolVersion: z.string().exactOptional(),
            passthrough: z.boolean().exactOptional(),
          })
          .transform(withoutEmpty("secretName"))
          .exactOptional(),
      })
      .exactOptional(),
    routes: z.array(route).default([]),
    tcpproxy: z
      .strictObject({ services: z.array(service).default([]), delegate: delegate.exactOptional() })
      .exactOptional(),
  })
  .check(rule(checkRoutes));

/**
 * IngressRoute contour.heptio.com/v1beta1, as Contour 1.0 has it: what HTTPProxy came from. Its own rules are Contour's
 * (internal/dag/builder.go there); what depends on other objects is translation's concern.
 */
export const ingressRouteSchema = z
  .strictObject({
    apiVersion: z.literal("contour.heptio.com/v1beta1"),
    kind: z.literal("IngressRoute"),
    metadata: objectMeta(checkDnsSubdomain),
    spec,
    status: z.unknown().exactOptional(),
  })
  .transform(({ apiVersion, kind, metadata, spec }) => ({ apiVersion, kind, metadata, spec }));

export type IngressRoute = Immutable<z.output<typeof ingressRouteSchema>>;
export type IngressRouteRoute = IngressRoute["spec"]["routes"][number];
export type IngressRouteService = IngressRouteRoute["services"][number];

function checkFqdn(value: string): Complaint | undefined {
  if (!value.includes("*")) return checkHost(value);
  return {
    message: `found ${quote(value)}, but an IngressRoute's host is one name`,
    fix: "write it out, or use an HTTPProxy, which takes *.example.com",
  };
}

function checkRoutes(
  { routes, tcpproxy }: { readonly routes?: unknown; readonly tcpproxy?: unknown },
  report: Report,
): void {
  for (const [index, { services, delegate: to, enableWebsockets }] of maps(routes).entries()) {
    const sends = Array.isArray(services) ? services.length : 0;
    if (sends > 0 && to !== undefined) report(["routes", index], BOTH, "keep one of them");
    // Beside a tcpproxy Contour asked for a route that does nothing.
    if (sends === 0 && to === undefined && tcpproxy === undefined) {
      report(["routes", index], "found neither services nor delegate, expected one of them", "add services");
    }
    if (sends > 1 && enableWebsockets === true) {
      const fix = "leave one service, or use an HTTPProxy, which takes both";
      report(["routes", index, "enableWebsockets"], `found ${sends} services, expected one for WebSockets`, fix);
    }
  }
  const [proxy] = maps([tcpproxy]);
  if (tcpproxy === undefined || proxy === undefined) return;
  const sends = Array.isArray(proxy["services"]) ? proxy["services"].length : 0;
  if (sends > 0 && proxy["delegate"] !== undefined) report(["tcpproxy"], BOTH, "keep one of them");
  if (sends === 0 && proxy["delegate"] === undefined)
    report(["tcpproxy"], "found neither services nor delegate, expected one of them", "add services");
}

const BOTH = "found both services and delegate, expected one of them";
