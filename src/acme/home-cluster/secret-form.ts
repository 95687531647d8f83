import { hash } from "node:crypto";
import { z } from "zod";
import type { KubeObject } from "#kubernetes/resource-type.ts";
import { isMap } from "#lib/schema-rules.ts";
import { ACME_FAILURE_KINDS } from "../acme-error.ts";
import { type CertificateName, NOTHING_RECORDED, type RecordedCertificate } from "../certificate-records.ts";

/** On each Secret of the ACME server's: which of the two it is. */
const LABEL = "binnacle.dev/acme";
export const CERTIFICATES = `${LABEL}=certificate`;

/** No `kubernetes.io/tls`: nobody who looks for the certificates of routes, or for what is about to end, takes them for one. */
const TYPES = { certificate: "binnacle.dev/acme-certificate", account: "binnacle.dev/acme-account" } as const;

const LONGEST_NAME = 253;

/** The Secret that keeps a certificate: no namespace has a dot, so each certificate has a name of its own. */
export function certificateSecretName({ namespace, name }: CertificateName): string {
  const plain = `acme.${namespace}.${name}`;
  return plain.length <= LONGEST_NAME ? plain : `acme.${namespace}.${hash("sha256", name)}`;
}

export function accountSecretName(directory: string): string {
  return `acme-account-${hash("sha256", directory).slice(0, 16)}`;
}

const wish = { directory: z.string(), hosts: z.array(z.string()) };
const state = z.object({
  namespace: z.string(),
  name: z.string(),
  issued: z.object(wish).optional(),
  failure: z
    .object({
      ...wish,
      kind: z.enum(ACME_FAILURE_KINDS),
      message: z.string(),
      count: z.number(),
      since: z.number(),
      next: z.number(),
    })
    .optional(),
  challenges: z.array(z.object({ host: z.string(), token: z.string(), content: z.string() })),
});

/** What a Secret keeps of a certificate. One that is not of this form keeps nothing, and is written over by the next order. */
export function readCertificateSecret(secret: KubeObject): RecordedCertificate {
  const parsed = state.safeParse(json(valueOf(secret, "state")));
  if (!parsed.success) return NOTHING_RECORDED;
  const { issued, failure, challenges } = parsed.data;
  const [chain, privateKey] = [valueOf(secret, "tls.crt"), valueOf(secret, "tls.key")];
  const whole = issued !== undefined && chain !== "" && privateKey !== "";
  return { issued: whole ? { ...issued, chain, privateKey } : undefined, failure, challenges };
}

/** Which certificate a Secret keeps; undefined where that cannot be read. */
export function certificateOf(secret: KubeObject): CertificateName | undefined {
  const parsed = state.safeParse(json(valueOf(secret, "state")));
  return parsed.success ? { namespace: parsed.data.namespace, name: parsed.data.name } : undefined;
}

/** @param before as it stands; what others wrote into its metadata stays */
export function certificateSecret(
  home: string,
  { namespace, name }: CertificateName,
  { issued, failure, challenges }: RecordedCertificate,
  before: KubeObject | undefined,
): KubeObject {
  const { chain = "", privateKey = "", directory = "", hosts = [] } = issued ?? {};
  const kept = {
    namespace,
    name,
    ...(issued === undefined ? {} : { issued: { directory, hosts } }),
    ...(failure === undefined ? {} : { failure }),
    challenges,
  };
  const data = { state: JSON.stringify(kept), ...(issued && { "tls.crt": chain, "tls.key": privateKey }) };
  return secretOf(home, certificateSecretName({ namespace, name }), "certificate", data, before);
}

export function accountSecret(home: string, directory: string, key: string): KubeObject {
  return secretOf(home, accountSecretName(directory), "account", { directory, "account.key": key }, undefined);
}

/** PEM; empty where it keeps none. */
export function accountKeyOf(secret: KubeObject): string {
  return valueOf(secret, "account.key");
}

function secretOf(
  namespace: string,
  name: string,
  what: keyof typeof TYPES,
  values: Readonly<Record<string, string>>,
  before: KubeObject | undefined,
): KubeObject {
  const data = Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString("base64")]),
  );
  const metadata = { name, namespace, ...before?.metadata };
  const labels = { ...before?.metadata.labels, [LABEL]: what };
  return { metadata: { ...metadata, labels }, type: TYPES[what], data };
}

function valueOf({ data }: KubeObject, key: string): string {
  const value = isMap(data) ? data[key] : undefined;
  return typeof value === "string" ? Buffer.from(value, "base64").toString() : "";
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
