import { hash } from "node:crypto";

/** The longest DNS label (RFC 1035 §2.3.4), and so the longest name of a Service. */
const LONGEST = 63;
const HASH_DIGITS = 6;

/** Gimbal's rule for the name of a backend, which names of Services begin with. */
export const BACKEND_NAME = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;

/**
 * The name of a discovered Service: `<backend>-<service>`, shortened as Gimbal did, so that its users' routes go on working.
 * It is for people and routes to write, not an identity: `a-b` with `c` and `a` with `b-c` share one.
 */
export function discoveredName(backend: string, service: string): string {
  return shorten([backend, service]);
}

/** A name as the value of one of Gimbal's labels. */
export function labelValue(name: string): string {
  return shorten([name]);
}

/** A load balancer's name, which may hold anything, as the value of one of Gimbal's labels. */
export function loadBalancerLabel(name: string): string {
  const legal = name.replaceAll(/[^a-zA-Z0-9\-._]/g, "-");
  if (legal === "") return "";
  const begun = /^[a-zA-Z0-9]/.test(legal) ? legal : `lb${legal}`;
  return labelValue(/[a-zA-Z0-9]$/.test(begun) ? begun : `${begun}lb`);
}

/**
 * Gimbal's `hashname(63, …)`: while the joined name has 63 characters or more, its parts from the last to the first are cut to
 * their share of them, with the begin of the part's SHA-256 at the end. A name of exactly 63 would be legal as it is; Gimbal
 * shortened it all the same, and so the names stay what they were.
 */
function shorten(parts: readonly string[]): string {
  const share = Math.floor(LONGEST / parts.length);
  const kept = [...parts];
  for (let index = kept.length - 1; index >= 0 && kept.join("-").length >= LONGEST; index--) {
    const part = kept[index] ?? "";
    if (part.length > share) kept[index] = `${part.slice(0, share - HASH_DIGITS)}${digest(part)}`;
  }
  return kept.join("-");
}

function digest(text: string): string {
  return hash("sha256", text, "hex").slice(0, HASH_DIGITS);
}
