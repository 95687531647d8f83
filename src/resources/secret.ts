import { z } from "zod";
import type { Immutable } from "#lib/immutable.ts";
import { type Complaint, type Report, rule, text } from "#lib/schema-rules.ts";
import { objectMeta } from "./metadata.ts";
import { checkDnsSubdomain } from "./names.ts";

/** The API server's bound for all values of a Secret together, in bytes. */
const SIZE_LIMIT = 1024 * 1024;

const KEY = /^[-._a-zA-Z0-9]+$/;
/** Line breaks are allowed in it, as Go's decoder allows them. */
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

const key = text(checkKey);

/**
 * Secret v1. In the result `stringData` is merged into `data`, which stays base64 without line breaks: read it with
 * {@link secretBytes}. No message of this schema holds a value.
 */
export const secretSchema = z
  .strictObject({
    apiVersion: z.literal("v1"),
    kind: z.literal("Secret"),
    metadata: objectMeta(checkDnsSubdomain),
    type: z.string().default("Opaque"),
    data: z.record(key, text(checkBase64)).default({}),
    stringData: z.record(key, z.string()).default({}),
    immutable: z.boolean().exactOptional(),
  })
  .check(rule(checkTlsKeys))
  .transform(({ apiVersion, kind, metadata, type, data, stringData }) => {
    const merged: Record<string, string> = {};
    for (const [name, value] of Object.entries(data)) merged[name] = value.replaceAll(/[\r\n]/g, "");
    for (const [name, value] of Object.entries(stringData)) merged[name] = Buffer.from(value).toString("base64");
    return { apiVersion, kind, metadata, type, data: merged };
  })
  .check((payload) => {
    const size = Object.values(payload.value.data).reduce((sum, value) => sum + Buffer.byteLength(value, "base64"), 0);
    if (size <= SIZE_LIMIT) return;
    const message = `found ${size} bytes of values, expected at most ${SIZE_LIMIT}`;
    payload.issues.push({ code: "custom", input: undefined, path: ["data"], message });
  });

export type Secret = Immutable<z.output<typeof secretSchema>>;

/** The value under `name`, decoded, or `undefined` when the Secret has no such key. */
export function secretBytes(secret: Secret, name: string): Buffer | undefined {
  const value = Object.hasOwn(secret.data, name) ? secret.data[name] : undefined;
  return value === undefined ? undefined : Buffer.from(value, "base64");
}

function checkKey(name: string): Complaint | undefined {
  if (name.length <= 253 && KEY.test(name) && name !== "." && !name.startsWith("..")) return undefined;
  return { message: "expected letters, digits, '-', '_' and '.', at most 253" };
}

function checkBase64(value: string): Complaint | undefined {
  if (BASE64.test(value.replaceAll(/[\r\n]/g, ""))) return undefined;
  return { message: "not valid base64", fix: "encode it, or move it to stringData as it is" };
}

function checkTlsKeys(
  { type, data, stringData }: Readonly<Record<"type" | "data" | "stringData", unknown>>,
  report: Report,
): void {
  if (type !== "kubernetes.io/tls") return;
  for (const name of ["tls.crt", "tls.key"]) {
    const stands = [data, stringData].some(
      (map) => typeof map === "object" && map !== null && Object.hasOwn(map, name),
    );
    if (!stands) report(["data", name], "missing, expected in a Secret of type kubernetes.io/tls", "add it");
  }
}
