import { isIP } from "node:net";
import { z } from "zod";
import { describeValue } from "#lib/describe-value.ts";
import type { Immutable } from "#lib/immutable.ts";
import { type Complaint, maps, type Report, rule, text } from "#lib/schema-rules.ts";
import { appProtocol, optionalPortName, portNumber, protocol } from "./fields.ts";
import { objectMeta } from "./metadata.ts";
import { checkDnsLabel, checkDnsSubdomain } from "./names.ts";
import { objectReference } from "./object-reference.ts";

const address = z.strictObject({
  ip: text(checkAddress),
  hostname: text(checkDnsLabel).exactOptional(),
  nodeName: text(checkDnsSubdomain).exactOptional(),
  targetRef: objectReference.exactOptional(),
});

const port = z.strictObject({
  name: optionalPortName,
  protocol: protocol.default("TCP"),
  port: portNumber,
  appProtocol: appProtocol.exactOptional(),
});

const subset = z
  .strictObject({
    addresses: z.array(address).default([]),
    notReadyAddresses: z.array(address).default([]),
    ports: z.array(port).default([]),
  })
  .check(rule(checkSubset));

/** Endpoints v1: the older form of EndpointSlice, named as its Service is. */
export const endpointsSchema = z.strictObject({
  apiVersion: z.literal("v1"),
  kind: z.literal("Endpoints"),
  metadata: objectMeta(checkDnsSubdomain),
  subsets: z.array(subset).default([]),
});

export type Endpoints = Immutable<z.output<typeof endpointsSchema>>;
export type EndpointSubset = Endpoints["subsets"][number];

function checkAddress(ip: string): Complaint | undefined {
  return isIP(ip) === 0 ? { message: `found ${describeValue(ip)}, expected an IP address` } : undefined;
}

function checkSubset(
  { addresses, notReadyAddresses, ports }: Readonly<Record<"addresses" | "notReadyAddresses" | "ports", unknown>>,
  report: Report,
): void {
  if (
    Array.isArray(addresses) &&
    addresses.length === 0 &&
    Array.isArray(notReadyAddresses) &&
    notReadyAddresses.length === 0
  ) {
    report([], "found no address, expected addresses or notReadyAddresses", "remove the subset or add an address");
  }
  const entries = maps(ports);
  for (const [index, { name }] of entries.entries()) {
    if (name === "" && entries.length > 1)
      report(["ports", index, "name"], "missing: with several ports each needs a name", "add it");
  }
}
