import { z } from "zod";

/** v1 ObjectReference: what stands behind an address, usually a Pod. */
export const objectReference = z.strictObject({
  apiVersion: z.string().exactOptional(),
  kind: z.string().exactOptional(),
  namespace: z.string().exactOptional(),
  name: z.string().exactOptional(),
  uid: z.string().exactOptional(),
  resourceVersion: z.string().exactOptional(),
  fieldPath: z.string().exactOptional(),
});
