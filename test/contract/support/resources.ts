import { bytesHash } from "#lib/canonical.ts";
import { packBytes } from "#lib/packed-bytes.ts";
import { Secret } from "#proto/envoy/extensions/transport_sockets/tls/v3/secret.ts";
import type { ResourceSource, XdsResource, XdsType } from "#xds/resource.ts";

/** A resource whose content is `content`; its version is derived from it. */
export function resource(
  type: XdsType,
  name: string,
  content: string,
  more: { readonly clusters?: readonly string[]; readonly sources?: readonly ResourceSource[] } = {},
): XdsResource {
  const bytes = type === "secret" ? Secret.encode(Secret.fromPartial({ name })).finish() : Buffer.from(content);
  return { type, name, version: version(content), bytes: packBytes(bytes), clusters: [], sources: [], ...more };
}

export function version(content: string): string {
  return bytesHash(content);
}

/** The form of an Ingress, for resources that were made from it. */
export function ingressForm(name: string, hash: string): ResourceSource {
  return { ref: { kind: "Ingress", namespace: "team", name }, hash };
}
