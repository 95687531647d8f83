import { z } from "zod";
import type { Immutable } from "#lib/immutable.ts";
import { objectMeta } from "./metadata.ts";
import { checkDnsSubdomain } from "./names.ts";

/** TLSCertificateDelegation projectcontour.io/v1: which namespaces may use Secrets of its own one; `*` is all of them. */
export const tlsCertificateDelegationSchema = z
  .strictObject({
    apiVersion: z.literal("projectcontour.io/v1"),
    kind: z.literal("TLSCertificateDelegation"),
    metadata: objectMeta(checkDnsSubdomain),
    spec: z.strictObject({
      delegations: z.array(z.strictObject({ secretName: z.string(), targetNamespaces: z.array(z.string()) })),
    }),
    status: z.unknown().exactOptional(),
  })
  .transform(({ apiVersion, kind, metadata, spec }) => ({ apiVersion, kind, metadata, spec }));

export type TlsCertificateDelegation = Immutable<z.output<typeof tlsCertificateDelegationSchema>>;
