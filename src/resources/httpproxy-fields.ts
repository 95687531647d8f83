import { z } from "zod";
import { quote } from "#lib/describe-value.ts";
import { parseDuration } from "#lib/duration.ts";
import { type Complaint, text } from "#lib/schema-rules.ts";
import { orEmpty } from "./fields.ts";
import { checkDnsLabel, checkDnsSubdomain } from "./names.ts";

/** A time in Go's notation. It stays text: an object is shown as it was written. */
export const goDuration = text((value) => checkDuration(value, "a duration such as 5s or 500ms"));

/** As {@link goDuration}, or `infinity`. */
export const goDurationOrInfinity = text((value) =>
  isInfinity(value) ? undefined : checkDuration(value, "a duration such as 5s or 500ms, or infinity"),
);

export function isInfinity(value: string): boolean {
  return value === "infinity" || value === "infinite";
}

/** A text with at least one character. */
export const someText = text((value) =>
  value === "" ? { message: "found an empty text, expected at least one character" } : undefined,
);

/** A namespace that a reference may leave out, or leave empty ({@link withoutEmpty}). */
export const optionalNamespace = orEmpty(checkDnsLabel).exactOptional();

/** The name of a Secret, with `namespace/` in front when it lives in another one. */
export const secretReference = text(checkSecretReference);

/** As {@link secretReference}, or empty. */
export const secretReferenceOrEmpty = orEmpty(checkSecretReference);

/** Splits what {@link secretReference} takes; the reference's own namespace is the standard one. */
export function splitSecretReference(reference: string, own: string): { namespace: string; name: string } {
  const slash = reference.indexOf("/");
  return slash < 0
    ? { namespace: own, name: reference }
    : { namespace: reference.slice(0, slash), name: reference.slice(slash + 1) };
}

/** A status code from `least` to `most`, both included. */
export function statusCode(least: number, most: number): z.ZodInt {
  return z.int().min(least).max(most);
}

function checkDuration(value: string, expected: string): Complaint | undefined {
  // Days are our own notation, not Go's: an API server with Contour's types refuses them.
  if (parseDuration(value) !== undefined && !value.includes("d")) return undefined;
  const fix = /^\d+$/.test(value) ? { fix: `write ${value}s if seconds are meant` } : {};
  return { message: `found ${quote(value)}, expected ${expected}`, ...fix };
}

function checkSecretReference(value: string): Complaint | undefined {
  const slash = value.indexOf("/");
  const namespace = slash < 0 ? undefined : checkDnsLabel(value.slice(0, slash));
  return namespace ?? checkDnsSubdomain(value.slice(slash + 1));
}
