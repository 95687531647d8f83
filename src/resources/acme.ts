import { hash } from "node:crypto";
import { z } from "zod";
import type { ObjectMeta } from "./resource.ts";

/** On an Ingress or HTTPProxy: its certificates come from the ACME server of the configuration. */
export const ACME_ANNOTATION = "binnacle.dev/acme";
/** On a Secret that the control plane keeps itself: how things stand with its certificate. */
const STATE_ANNOTATION = "binnacle.dev/acme-state";

/** How things stand with the certificate of a Secret that comes from an ACME server. */
export interface AcmeState {
  /** What is asked at the hosts while an order is open (RFC 8555 §8.3). */
  readonly challenges: readonly AcmeChallenge[];
  /** Why the last order failed, and when the next follows; undefined after a success. */
  readonly failure?: { readonly message: string; readonly next: string } | undefined;
}

export interface AcmeChallenge {
  readonly host: string;
  /** base64url. */
  readonly token: string;
  /** The key authorisation: no secret, the whole world may ask for it. */
  readonly content: string;
}

const stateSchema: z.ZodType<AcmeState> = z.object({
  challenges: z.array(z.object({ host: z.string(), token: z.string(), content: z.string() })),
  failure: z.object({ message: z.string(), next: z.string() }).optional(),
});

/** Undefined: the Secret is somebody's own. */
export function acmeState({ annotations }: Pick<ObjectMeta, "annotations">): AcmeState | undefined {
  const text = annotations[STATE_ANNOTATION];
  if (text === undefined) return undefined;
  try {
    return stateSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** The annotations of a Secret in this state. */
export function acmeStateAnnotations(state: AcmeState): Readonly<Record<string, string>> {
  return { [STATE_ANNOTATION]: JSON.stringify(state) };
}

/** The Secret of a TLS entry that names none: the same hosts have the same. */
export function acmeSecretName(hosts: readonly string[]): string {
  return `acme-${hash("sha256", hosts.toSorted().join("\n")).slice(0, 16)}`;
}
