import type { KeyPair } from "#resources/key-pair.ts";
import type { ObjectRef } from "#resources/ref.ts";
import { refOf } from "#resources/resource.ts";
import type { Secret } from "#resources/secret.ts";
import { pairOf } from "./secret-pair.ts";
import type { Reader } from "./unit.ts";

/** Why a pair is served that its Secret does not hold any more. */
export type KeptReason = "missing" | "invalid";

/** A certificate and key that hosts are served with. */
export interface ServedPair extends KeyPair {
  readonly secret: ObjectRef;
  /** Absent: the Secret holds it now. */
  readonly kept?: KeptReason;
}

export interface FoundPair {
  /** Undefined: there is none to serve. */
  readonly pair: ServedPair | undefined;
  /** The Secret as it stands. */
  readonly secret: Secret | undefined;
  /** What is wrong with the Secret, in words that go on from its name; undefined: its pair is good. */
  readonly problem: string | undefined;
}

/**
 * The pair of a Secret; of one that was deleted, or holds none that can be used, the last that was served. Whether the Secret may
 * be used is for the caller to know first: a permission withdrawn ends what was kept, too.
 */
export function servedPair(namespace: string, name: string, read: Reader): FoundPair {
  const secret = read.get("Secret", namespace, name)?.object;
  if (secret === undefined)
    return { pair: keptPair(namespace, name, "missing", read), secret, problem: "does not exist" };
  const found = pairOf(secret);
  if ("pair" in found) return { pair: { ...found.pair, secret: refOf(secret) }, secret, problem: undefined };
  return { pair: keptPair(namespace, name, "invalid", read), secret, problem: `cannot be used: ${found.problem}` };
}

/** What is said of an object whose hosts are served with a kept pair. */
export const KEPT = "the last pair that it held is served on";

/** What to do about it. */
export function keptFix(namespace: string, { kept }: ServedPair, ordered: boolean): string {
  if (ordered) return "wait: another one is asked for; where none can be had, the reason stands beside this";
  return kept === "missing"
    ? `create it again with type kubernetes.io/tls in namespace ${namespace}; what no longer names it ends the serving`
    : "put a certificate and its key into tls.crt and tls.key";
}

function keptPair(namespace: string, name: string, kept: KeptReason, read: Reader): ServedPair | undefined {
  const form = read.kept("Secret", namespace, name)?.object;
  const found = form === undefined ? undefined : pairOf(form);
  if (form === undefined || found === undefined || !("pair" in found)) return undefined;
  return { ...found.pair, secret: refOf(form), kept };
}
