import { z } from "zod";
import type { Immutable } from "#lib/immutable.ts";
import { appProtocol, portNumber, protocol, text } from "./fields.ts";
import { objectMeta } from "./metadata.ts";
import { checkDnsLabel, checkDnsSubdomain } from "./names.ts";
import { objectReference } from "./object-reference.ts";

const address = z.strictObject({
  ip: z.string(),
  hostname: text(checkDnsLabel).exactOptional(),
  nodeName: text(checkDnsSubdomain).exactOptional(),
  targetRef: objectReference.exactOptional(),
});

const port = z.strictObject({
  name: text((name) => (name === "" ? undefined : checkDnsLabel(name))).default(""),
  protocol: protocol.default("TCP"),
  port: portNumber,
  appProtocol: appProtocol.exactOptional(),
});

const subset = z.strictObject({
  addresses: z.array(address).default([]),
  notReadyAddresses: z.array(address).default([]),
  ports: z.array(port).default([]),
});

/** Endpoints v1: the older form of EndpointSlice, named as its Service is. */
export const endpointsSchema = z.strictObject({
  apiVersion: z.literal("v1"),
  kind: z.literal("Endpoints"),
  metadata: objectMeta(checkDnsSubdomain),
  subsets: z.array(subset).default([]),
});

export type Endpoints = Immutable<z.output<typeof endpointsSchema>>;
export type EndpointSubset = Endpoints["subsets"][number];
