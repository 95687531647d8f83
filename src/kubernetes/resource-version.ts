import type { KubeObject } from "./resource-type.ts";

/**
 * Whether an object is an earlier state than a known one: an event that was under way while we wrote. Versions of one kind are
 * decimal numbers that grow (promised as of Kubernetes 1.35, and so in every server before); what is none is never earlier.
 */
export function isEarlier({ metadata: { resourceVersion = "" } }: KubeObject, known: string): boolean {
  if (!DECIMAL.test(resourceVersion) || !DECIMAL.test(known)) return false;
  if (resourceVersion.length !== known.length) return resourceVersion.length < known.length;
  return resourceVersion < known;
}

const DECIMAL = /^[1-9]\d*$/;
