import { isIP } from "node:net";
import { z } from "zod";
import { describeValue } from "#lib/describe-value.ts";
import type { Immutable } from "#lib/immutable.ts";
import { maps, type Report, reportDuplicates, rule, text } from "#lib/schema-rules.ts";
import { appProtocol, optionalPortName, portNumber, portNumberOrName, protocol, textMap } from "./fields.ts";
import { objectMeta } from "./metadata.ts";
import { checkDnsLabel, checkDnsSubdomain, withoutFinalDot } from "./names.ts";

const servicePort = z
  .strictObject({
    /** Empty when the Service has one port and gives it no name. */
    name: optionalPortName,
    protocol: protocol.default("TCP"),
    port: portNumber,
    targetPort: portNumberOrName.exactOptional(),
    nodePort: z.int().min(0).max(65535).exactOptional(),
    appProtocol: appProtocol.exactOptional(),
  })
  .transform((port) => ({ ...port, targetPort: port.targetPort ?? port.port }));

const clientIP = z.strictObject({ timeoutSeconds: z.int().min(1).max(86_400).exactOptional() });

const serviceSpec = z
  .strictObject({
    type: z.enum(["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"]).default("ClusterIP"),
    clusterIP: z.string().exactOptional(),
    clusterIPs: z.array(z.string()).exactOptional(),
    externalName: text((name) => checkDnsSubdomain(withoutFinalDot(name))).exactOptional(),
    selector: textMap.default({}),
    ports: z.array(servicePort).default([]),
    publishNotReadyAddresses: z.boolean().default(false),
    sessionAffinity: z.enum(["None", "ClientIP"]).default("None"),
    sessionAffinityConfig: z.strictObject({ clientIP: clientIP.exactOptional() }).exactOptional(),
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
  })
  .check(rule(checkType), rule(checkPorts));

/** Service v1. Defaults are the API server's: protocol TCP, targetPort = port, type ClusterIP. */
export const serviceSchema = z
  .strictObject({
    apiVersion: z.literal("v1"),
    kind: z.literal("Service"),
    // A DNS label as of Kubernetes 1.34 (RelaxedServiceNameValidation); before, it had to start with a letter.
    metadata: objectMeta(checkDnsLabel),
    spec: serviceSpec,
    status: z.unknown().exactOptional(),
  })
  .transform(({ apiVersion, kind, metadata, spec }) => ({ apiVersion, kind, metadata, spec }));

export type Service = Immutable<z.output<typeof serviceSchema>>;
export type ServicePort = Service["spec"]["ports"][number];

interface LooseSpec {
  readonly type?: unknown;
  readonly clusterIP?: unknown;
  readonly externalName?: unknown;
  readonly ports?: unknown;
}

function checkType({ type, clusterIP = "", externalName = "" }: LooseSpec, report: Report): void {
  const headless = clusterIP === "None";
  if (type === "ExternalName") {
    if (externalName === "")
      report(["externalName"], "missing, expected the DNS name that the Service stands for", "add it");
    if (clusterIP !== "") report(["clusterIP"], "not allowed with type ExternalName", "remove it");
  } else if (headless && (type === "NodePort" || type === "LoadBalancer")) {
    report(["clusterIP"], `found None, which type ${type} cannot have`, "remove it or use type ClusterIP");
  }
  if (typeof clusterIP === "string" && clusterIP !== "" && !headless && isIP(clusterIP) === 0) {
    report(["clusterIP"], `found ${describeValue(clusterIP)}, expected an IP address or None`);
  }
}

function checkPorts({ type, clusterIP, ports }: LooseSpec, report: Report): void {
  const entries = maps(ports);
  if (entries.length === 0 && type !== "ExternalName" && clusterIP !== "None") {
    report(["ports"], "missing, expected at least one port", "add it");
  }
  for (const [index, { name }] of entries.entries()) {
    if (name === "" && entries.length > 1)
      report(["ports", index, "name"], "missing: with several ports each needs a name", "add it");
  }
  reportDuplicates(
    entries,
    ({ name }) => (typeof name === "string" && name !== "" ? `name ${name}` : undefined),
    (index, message) => report(["ports", index, "name"], message, "give each port its own name"),
  );
  reportDuplicates(
    entries,
    ({ protocol, port }) => (typeof port === "number" ? `${String(protocol)} port ${port}` : undefined),
    (index, message) => report(["ports", index, "port"], message, "use another port or protocol"),
  );
}
