import { z } from "zod";
import { withoutEmpty } from "./fields.ts";
import { optionalNamespace, someText } from "./httpproxy-fields.ts";
import { loadBalancerPolicy } from "./httpproxy-policies.ts";
import { proxyService } from "./httpproxy-service.ts";

const include = z.strictObject({ name: someText, namespace: optionalNamespace }).transform(withoutEmpty("namespace"));

/** Connections instead of requests: they are told apart by their server name. */
export const tcpProxy = z.strictObject({
  services: z.array(proxyService).default([]),
  include: include.exactOptional(),
  /** What Contour 1.0 called `include`. */
  includes: include.exactOptional(),
  loadBalancerPolicy: loadBalancerPolicy.exactOptional(),
  healthCheckPolicy: z
    .strictObject({
      intervalSeconds: z.int().exactOptional(),
      timeoutSeconds: z.int().exactOptional(),
      unhealthyThresholdCount: z.int().exactOptional(),
      healthyThresholdCount: z.int().exactOptional(),
    })
    .exactOptional(),
});
