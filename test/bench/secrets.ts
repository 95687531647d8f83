import type { SourceChange } from "#store/changes.ts";
import { certificateAuthority } from "../integration/support/certificate.ts";
import { changesOf } from "../integration/support/gateway.ts";

/** The Secret `certificate` of the namespaces team-0 to team-(count-1), good for every host below example.com. */
export function certificateSecrets(count: number): readonly SourceChange[] {
  const { cert, key } = certificateAuthority().issue(["*.example.com"]);
  const manifest = (index: number): string => `apiVersion: v1
kind: Secret
type: kubernetes.io/tls
metadata: {name: certificate, namespace: team-${index}}
stringData: ${JSON.stringify({ "tls.crt": cert, "tls.key": key })}
`;
  return changesOf(Array.from({ length: count }, (_, index) => manifest(index)).join("---\n"));
}
