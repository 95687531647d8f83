import type { Certificate } from "../../integration/support/certificate.ts";
import type { Manifest } from "./api-client.ts";

/** A Secret of type `kubernetes.io/tls` that holds this pair. */
export function tlsSecret(namespace: string, name: string, { cert, key }: Certificate): Manifest {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { namespace, name },
    type: "kubernetes.io/tls",
    stringData: { "tls.crt": cert, "tls.key": key },
  };
}
