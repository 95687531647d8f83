import { z } from "zod";
import type { Immutable } from "#lib/immutable.ts";
import { appProtocol, portNumber, protocol, text, textMap } from "./fields.ts";
import { objectMeta } from "./metadata.ts";
import { checkDnsLabel, checkDnsSubdomain } from "./names.ts";
import { objectReference } from "./object-reference.ts";

/** The label that says which Service of the same namespace a slice belongs to. */
export const SERVICE_NAME_LABEL = "kubernetes.io/service-name";

const zoneOrNodeHint = z.strictObject({ name: z.string() });

const endpoint = z.strictObject({
  addresses: z.array(z.string()).min(1).max(100),
  /** All three filled in: a missing `ready` means ready, a missing `serving` follows `ready`. */
  conditions: z
    .strictObject({
      ready: z.boolean().exactOptional(),
      serving: z.boolean().exactOptional(),
      terminating: z.boolean().exactOptional(),
    })
    .prefault({})
    .transform(({ ready = true, serving = ready, terminating = false }) => ({ ready, serving, terminating })),
  hostname: text(checkDnsLabel).exactOptional(),
  nodeName: text(checkDnsSubdomain).exactOptional(),
  zone: z.string().exactOptional(),
  hints: z
    .strictObject({
      forZones: z.array(zoneOrNodeHint).max(8).exactOptional(),
      forNodes: z.array(zoneOrNodeHint).max(8).exactOptional(),
    })
    .exactOptional(),
  targetRef: objectReference.exactOptional(),
  deprecatedTopology: textMap.exactOptional(),
});

const endpointPort = z.strictObject({
  /** Matches the `name` of the Service's port; empty for a port without a name. */
  name: text((name) => (name === "" ? undefined : checkDnsLabel(name))).default(""),
  protocol: protocol.default("TCP"),
  /** Absent: every port. */
  port: portNumber.exactOptional(),
  appProtocol: appProtocol.exactOptional(),
});

/** EndpointSlice discovery.k8s.io/v1. Which addresses may be upstreams is not decided here but in translation. */
export const endpointSliceSchema = z.strictObject({
  apiVersion: z.literal("discovery.k8s.io/v1"),
  kind: z.literal("EndpointSlice"),
  metadata: objectMeta(checkDnsSubdomain),
  addressType: z.enum(["IPv4", "IPv6", "FQDN"]),
  endpoints: z.array(endpoint).max(1000).default([]),
  ports: z.array(endpointPort).max(20_000).default([]),
});

export type EndpointSlice = Immutable<z.output<typeof endpointSliceSchema>>;
export type Endpoint = EndpointSlice["endpoints"][number];
export type EndpointPort = EndpointSlice["ports"][number];
