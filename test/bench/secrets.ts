import type { SourceChange } from "#store/changes.ts";
import { certificateAuthority } from "../integration/support/certificate.ts";
import { changesOf } from "../integration/support/gateway.ts";
import { tlsSecret, together } from "../integration/support/manifests.ts";

/** Secrets with a certificate for every host below example.com. */
export function certificateSecrets(
  names: readonly (readonly [namespace: string, name: string])[],
): readonly SourceChange[] {
  const pair = certificateAuthority().issue(["*.example.com"]);
  return changesOf(together(...names.map(([namespace, name]) => tlsSecret(namespace, name, pair))));
}
