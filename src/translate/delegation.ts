import { splitSecretReference } from "#resources/httpproxy-fields.ts";
import type { Secret } from "#resources/secret.ts";
import { delegationKey, DELEGATIONS } from "./indexes.ts";
import type { Reader } from "./unit.ts";

/** A Secret that an object of a namespace may use, or why it may not. */
export type UsableSecret =
  | { readonly secret: Secret }
  | { readonly refused: "notDelegated" | "notFound"; readonly namespace: string; readonly name: string };

/**
 * Finds a Secret by `name` or `namespace/name`. One of another namespace has to be delegated by a TLSCertificateDelegation
 * there; whether it exists is told to nobody else.
 */
export function usableSecret(reference: string, own: string, read: Reader): UsableSecret {
  const { namespace, name } = splitSecretReference(reference, own);
  if (!mayUseSecret(namespace, name, own, read)) return { refused: "notDelegated", namespace, name };
  const secret = read.get("Secret", namespace, name)?.object;
  return secret === undefined ? { refused: "notFound", namespace, name } : { secret };
}

/** Whether objects of namespace `to` may use a Secret, be it there or not. */
export function mayUseSecret(namespace: string, name: string, to: string, read: Reader): boolean {
  if (namespace === to) return true;
  return ["*", to].some((target) => read.list(DELEGATIONS, delegationKey(namespace, name, target)).length > 0);
}
