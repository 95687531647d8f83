import { isMap } from "#lib/schema-rules.ts";
import type { CallOptions, KubeClient } from "./client.ts";
import { isNotFound } from "./kube-error.ts";
import { groupVersionPath, type ResourceType } from "./resource-type.ts";

/**
 * Whether the server has the resource in that version: an old one has no EndpointSlices, and a custom resource comes and goes.
 * Throws {@link KubeError} when that cannot be told.
 */
export async function serves(client: KubeClient, type: ResourceType, options: CallOptions): Promise<boolean> {
  let answer: unknown;
  try {
    answer = await client.read(groupVersionPath(type), options);
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
  const resources: unknown = isMap(answer) ? answer["resources"] : undefined;
  return (
    Array.isArray(resources) &&
    resources.some((resource: unknown) => isMap(resource) && resource["name"] === type.plural)
  );
}

/** The first of the types that the server has: several versions of one resource, the best first. */
export async function firstServed(
  client: KubeClient,
  types: readonly ResourceType[],
  options: CallOptions,
): Promise<ResourceType | undefined> {
  for (const type of types) if (await serves(client, type, options)) return type;
  return undefined;
}

/** The server's version in its own words: `v1.37.2`. */
export async function serverVersion(client: KubeClient, options: CallOptions): Promise<string> {
  const answer = await client.read("/version", options);
  const version = isMap(answer) ? answer["gitVersion"] : undefined;
  return typeof version === "string" ? version : "unknown";
}
