import { hash, timingSafeEqual } from "node:crypto";

/** SHA-256 of a secret. What is kept of sessions and codes, so that neither memory nor disk holds what signs in. */
export function secretHash(secret: string): Buffer {
  return hash("sha256", secret, "buffer");
}

/** Equality in a time that tells nothing about where two secrets differ, nor about their lengths. */
export function isSameSecret(a: string, b: string): boolean {
  return timingSafeEqual(secretHash(a), secretHash(b));
}
