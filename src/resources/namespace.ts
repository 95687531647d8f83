import { z } from "zod";
import type { Immutable } from "#lib/immutable.ts";
import { objectMeta } from "./metadata.ts";
import { checkDnsLabel } from "./names.ts";

/** Namespace v1: a team. Only its name, labels and annotations are read. */
export const namespaceSchema = z
  .strictObject({
    apiVersion: z.literal("v1"),
    kind: z.literal("Namespace"),
    metadata: objectMeta(checkDnsLabel),
    spec: z.strictObject({ finalizers: z.array(z.string()).exactOptional() }).exactOptional(),
    status: z.unknown().exactOptional(),
  })
  .transform(({ apiVersion, kind, metadata }) => ({ apiVersion, kind, metadata }));

export type Namespace = Immutable<z.output<typeof namespaceSchema>>;
