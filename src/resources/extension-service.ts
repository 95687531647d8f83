import { z } from "zod";
import type { Immutable } from "#lib/immutable.ts";
import { portNumber } from "./fields.ts";
import { someText } from "./httpproxy-fields.ts";
import { loadBalancerPolicy, timeoutPolicy } from "./httpproxy-policies.ts";
import { upstreamValidation } from "./httpproxy-service.ts";
import { objectMeta } from "./metadata.ts";
import { checkDnsSubdomain } from "./names.ts";

const limit = z.int().min(0).exactOptional();

/** ExtensionService projectcontour.io/v1alpha1: Services that Envoy itself asks (authorisation, rate limits). */
export const extensionServiceSchema = z
  .strictObject({
    apiVersion: z.literal("projectcontour.io/v1alpha1"),
    kind: z.literal("ExtensionService"),
    metadata: objectMeta(checkDnsSubdomain),
    spec: z.strictObject({
      services: z
        .array(z.strictObject({ name: someText, port: portNumber, weight: z.int().min(0).exactOptional() }))
        .min(1),
      protocol: z.enum(["http/1.1", "h2", "h2c"]).exactOptional(),
      protocolVersion: z.enum(["v3"]).exactOptional(),
      validation: upstreamValidation.exactOptional(),
      loadBalancerPolicy: loadBalancerPolicy.exactOptional(),
      timeoutPolicy: timeoutPolicy.exactOptional(),
      circuitBreakerPolicy: z
        .strictObject({
          maxConnections: limit,
          maxPendingRequests: limit,
          maxRequests: limit,
          maxRetries: limit,
          perHostMaxConnections: limit,
        })
        .exactOptional(),
    }),
    status: z.unknown().exactOptional(),
  })
  .transform(({ apiVersion, kind, metadata, spec }) => ({ apiVersion, kind, metadata, spec }));

export type ExtensionService = Immutable<z.output<typeof extensionServiceSchema>>;
