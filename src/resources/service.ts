import { z } from "zod";
import type { Immutable } from "#lib/immutable.ts";
import { appProtocol, portNumber, portNumberOrName, protocol, text, textMap } from "./fields.ts";
import { objectMeta } from "./metadata.ts";
import { checkDnsLabel, checkDnsSubdomain } from "./names.ts";

const servicePort = z
  .strictObject({
    /** Empty when the Service has one port and gives it no name. */
    name: text((name) => (name === "" ? undefined : checkDnsLabel(name))).default(""),
    protocol: protocol.default("TCP"),
    port: portNumber,
    targetPort: portNumberOrName.exactOptional(),
    nodePort: z.int().min(0).max(65535).exactOptional(),
    appProtocol: appProtocol.exactOptional(),
  })
  .transform((port) => ({ ...port, targetPort: port.targetPort ?? port.port }));

const serviceSpec = z.strictObject({
  type: z.enum(["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"]).default("ClusterIP"),
  clusterIP: z.string().exactOptional(),
  clusterIPs: z.array(z.string()).exactOptional(),
  externalName: text(checkDnsSubdomain).exactOptional(),
  selector: textMap.default({}),
  ports: z.array(servicePort).default([]),
  publishNotReadyAddresses: z.boolean().default(false),
  sessionAffinity: z.enum(["None", "ClientIP"]).default("None"),
  sessionAffinityConfig: z
    .strictObject({
      clientIP: z.strictObject({ timeoutSeconds: z.int().min(1).max(86400).exactOptional() }).exactOptional(),
    })
    .exactOptional(),
  externalIPs: z.array(z.string()).exactOptional(),
  externalTrafficPolicy: z.enum(["Cluster", "Local"]).exactOptional(),
  internalTrafficPolicy: z.enum(["Cluster", "Local"]).exactOptional(),
  trafficDistribution: z.string().exactOptional(),
  healthCheckNodePort: z.int().min(0).max(65535).exactOptional(),
  allocateLoadBalancerNodePorts: z.boolean().exactOptional(),
  loadBalancerClass: z.string().exactOptional(),
  loadBalancerIP: z.string().exactOptional(),
  loadBalancerSourceRanges: z.array(z.string()).exactOptional(),
  ipFamilies: z.array(z.enum(["IPv4", "IPv6"])).exactOptional(),
  ipFamilyPolicy: z.enum(["SingleStack", "PreferDualStack", "RequireDualStack"]).exactOptional(),
});

/** Service v1. Defaults are the API server's: protocol TCP, targetPort = port, type ClusterIP. */
export const serviceSchema = z.strictObject({
  apiVersion: z.literal("v1"),
  kind: z.literal("Service"),
  metadata: objectMeta(checkDnsLabel),
  spec: serviceSpec,
  status: z.unknown().exactOptional(),
});

export type Service = Immutable<Omit<z.output<typeof serviceSchema>, "status">>;
export type ServicePort = Service["spec"]["ports"][number];
