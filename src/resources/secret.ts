import { z } from "zod";
import type { Immutable } from "#lib/immutable.ts";
import { objectMeta } from "./metadata.ts";
import { checkDnsSubdomain } from "./names.ts";

/** Secret v1. `stringData` is merged into `data`, which stays base64, without line breaks: read it with {@link secretBytes}. */
export const secretSchema = z
  .strictObject({
    apiVersion: z.literal("v1"),
    kind: z.literal("Secret"),
    metadata: objectMeta(checkDnsSubdomain),
    type: z.string().default("Opaque"),
    data: z.record(z.string(), z.string()).default({}),
    stringData: z.record(z.string(), z.string()).default({}),
    immutable: z.boolean().exactOptional(),
  })
  .transform(({ apiVersion, kind, metadata, type, data, stringData }) => {
    const merged: Record<string, string> = {};
    for (const [key, value] of Object.entries(data)) merged[key] = value.replaceAll(/\s/g, "");
    for (const [key, value] of Object.entries(stringData)) merged[key] = Buffer.from(value).toString("base64");
    return { apiVersion, kind, metadata, type, data: merged };
  });

export type Secret = Immutable<z.output<typeof secretSchema>>;

/** The value under `key`, decoded, or `undefined` when the Secret has no such key. */
export function secretBytes(secret: Secret, key: string): Buffer | undefined {
  const value = Object.hasOwn(secret.data, key) ? secret.data[key] : undefined;
  return value === undefined ? undefined : Buffer.from(value, "base64");
}
