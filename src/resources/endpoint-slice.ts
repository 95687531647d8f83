import { isIP } from "node:net";
import { z } from "zod";
import { describeValue } from "#lib/describe-value.ts";
import type { Immutable } from "#lib/immutable.ts";
import { maps, type Report, reportDuplicates, rule, text } from "#lib/schema-rules.ts";
import { appProtocol, optionalPortName, portNumber, protocol, textMap } from "./fields.ts";
import { objectMeta } from "./metadata.ts";
import { checkDnsLabel, checkDnsSubdomain, withoutFinalDot } from "./names.ts";
import { objectReference } from "./object-reference.ts";

/** The label that says which Service of the same namespace a slice belongs to. */
export const SERVICE_NAME_LABEL = "kubernetes.io/service-name";

const hint = z.strictObject({ name: z.string() });

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
    .strictObject({ forZones: z.array(hint).max(8).exactOptional(), forNodes: z.array(hint).max(8).exactOptional() })
    .exactOptional(),
  targetRef: objectReference.exactOptional(),
  deprecatedTopology: textMap.exactOptional(),
});

const endpointPort = z.strictObject({
  /** Matches the `name` of the Service's port; empty for a port without a name. */
  name: optionalPortName,
  protocol: protocol.default("TCP"),
  /** Absent: every port. */
  port: portNumber.exactOptional(),
  appProtocol: appProtocol.exactOptional(),
});

/**
 * EndpointSlice discovery.k8s.io/v1. The API server refuses loopback and link-local addresses here; we leave that to
 * translation, where a setting may allow them.
 */
export const endpointSliceSchema = z
  .strictObject({
    apiVersion: z.literal("discovery.k8s.io/v1"),
    kind: z.literal("EndpointSlice"),
    metadata: objectMeta(checkDnsSubdomain),
    addressType: z.enum(["IPv4", "IPv6", "FQDN"]),
    endpoints: z.array(endpoint).max(1000).default([]),
    ports: z.array(endpointPort).max(20_000).default([]),
  })
  .check(rule(checkAddresses), rule(checkPortNames));

export type EndpointSlice = Immutable<z.output<typeof endpointSliceSchema>>;
export type Endpoint = EndpointSlice["endpoints"][number];
export type EndpointPort = EndpointSlice["ports"][number];

interface LooseSlice {
  readonly addressType?: unknown;
  readonly endpoints?: unknown;
  readonly ports?: unknown;
}

const ADDRESS_CHECKS = {
  IPv4: (address: string) => isIP(address) === 4,
  IPv6: (address: string) => isIP(address) === 6 && !address.includes("%"),
  FQDN: (address: string) => checkDnsSubdomain(withoutFinalDot(address)) === undefined,
};

function checkAddresses({ addressType, endpoints }: LooseSlice, report: Report): void {
  if (addressType !== "IPv4" && addressType !== "IPv6" && addressType !== "FQDN") return;
  const isRight = ADDRESS_CHECKS[addressType];
  for (const [index, { addresses }] of maps(endpoints).entries()) {
    for (const [position, address] of (Array.isArray(addresses) ? addresses : []).entries()) {
      if (typeof address !== "string" || isRight(address)) continue;
      const expected = addressType === "FQDN" ? "a DNS name" : `an ${addressType} address`;
      const fix = addressType !== "FQDN" && /^[^:]+:\d+$/.test(address) ? "name the port under ports" : undefined;
      report(["endpoints", index, "addresses", position], `found ${describeValue(address)}, expected ${expected}`, fix);
    }
  }
}

function checkPortNames({ ports }: LooseSlice, report: Report): void {
  reportDuplicates(
    maps(ports),
    ({ name }) => (typeof name === "string" ? (name === "" ? "a port without a name" : `name ${name}`) : undefined),
    (index, message) => report(["ports", index, "name"], message, "give each port its own name"),
  );
}
