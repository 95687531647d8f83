import { unpackBytes } from "#lib/packed-bytes.ts";
import type { DeltaDiscoveryResponse } from "#proto/envoy/service/discovery/v3/discovery.ts";
import { renamedSecret } from "./renamed-secret.ts";
import { TYPE_URLS, type XdsResource, type XdsType } from "./resource.ts";

/** A response with resources under the names by which the client asked for them, and the names of what is gone. */
export function responseOf(
  type: XdsType,
  nonce: string,
  resources: readonly [string, XdsResource][],
  removed: readonly string[],
): DeltaDiscoveryResponse {
  return {
    systemVersionInfo: "",
    typeUrl: TYPE_URLS[type],
    nonce,
    resources: resources.map(([name, resource]) => ({
      name,
      resourceName: undefined,
      aliases: [],
      version: resource.version,
      resource: {
        typeUrl: TYPE_URLS[type],
        value: name === resource.name ? unpackBytes(resource.bytes) : renamedSecret(unpackBytes(resource.bytes), name),
      },
      ttl: undefined,
      cacheControl: undefined,
      metadata: undefined,
    })),
    removedResources: [...removed],
    removedResourceNames: [],
    controlPlane: undefined,
  };
}

/** A response above this is split, where the order of the parts does not matter. */
const RESPONSE_BYTES = 4 * 1024 * 1024;

/** What is sent in one response each. Envoy builds a route table anew for every response with virtual hosts: those stay together. */
export function inParts(
  type: XdsType,
  resources: readonly [string, XdsResource][],
): readonly (readonly [string, XdsResource][])[] {
  if (type === "virtualHost") return [resources];
  const parts: [string, XdsResource][][] = [];
  let bytes = RESPONSE_BYTES;
  for (const entry of resources) {
    bytes += entry[1].bytes.length;
    const part = parts.at(-1);
    if (part !== undefined && bytes <= RESPONSE_BYTES) {
      part.push(entry);
      continue;
    }
    parts.push([entry]);
    bytes = entry[1].bytes.length;
  }
  return parts;
}
