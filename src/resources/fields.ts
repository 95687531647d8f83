import { z } from "zod";
import { describeValue } from "#lib/describe-value.ts";
import { type Complaint, checkDnsLabel, checkPortName, checkQualifiedName } from "./names.ts";

/** A string with which `check` finds nothing wrong. */
export function text(check: (text: string) => Complaint | undefined): z.ZodString {
  return z.string().check((payload) => {
    const complaint = check(payload.value);
    if (complaint === undefined) return;
    const { message, fix } = complaint;
    payload.issues.push({ code: "custom", input: payload.value, message, params: { fix }, continue: true });
  });
}

/** As {@link text}, where the API server takes an empty text for an absent one. */
export function textOrEmpty(check: (text: string) => Complaint | undefined): z.ZodDefault<z.ZodString> {
  return text((value) => (value === "" ? undefined : check(value))).default("");
}

/** Tells of one problem: `path` is relative to the value that the rule is attached to. */
export type Report = (path: readonly (string | number)[], message: string, fix?: string) => void;

/**
 * A rule over several fields of a map or list. It runs also where a part of the value has the wrong type, so that all problems
 * of an object come at once: `T` must not promise more than parts that are `unknown`.
 */
export function rule<T extends object>(check: (value: T, report: Report) => void) {
  return z.superRefine<T>(
    (value, context) => {
      check(value, (path, message, fix) =>
        context.addIssue({ code: "custom", path: [...path], message, params: { fix } }),
      );
    },
    { when: ({ value }) => typeof value === "object" && value !== null },
  );
}

/** The entries of what should be a list of maps, for a {@link rule}: what is no map has no fields. */
export function maps(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.map((entry: unknown) => (isMap(entry) ? entry : {})) : [];
}

export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Reports each entry whose key stood before; entries without a key are never the same. */
export function reportDuplicates(
  entries: readonly Readonly<Record<string, unknown>>[],
  keyOf: (entry: Readonly<Record<string, unknown>>) => string | undefined,
  report: (index: number, message: string) => void,
): void {
  const seen = new Map<string, number>();
  for (const [index, entry] of entries.entries()) {
    const key = keyOf(entry);
    if (key === undefined) continue;
    const first = seen.get(key);
    if (first === undefined) seen.set(key, index);
    else report(index, `${key} stands already at index ${first}`);
  }
}

/** A port's number. */
export const portNumber = z.int().min(1).max(65535);

/** A port's name where it is one of several: empty for none. */
export const optionalPortName = textOrEmpty(checkDnsLabel);

export const PROTOCOLS = ["TCP", "UDP", "SCTP"] as const;
export const protocol = z.enum(PROTOCOLS);

/** `appProtocol` of a port: an IANA name or a prefixed one, e.g. `kubernetes.io/h2c`. */
export const appProtocol = text(checkQualifiedName);

/** A port by number, or by the name it has elsewhere. */
export const portNumberOrName = z.custom<number | string>().check((payload) => {
  const { value } = payload;
  const complaint = checkPortNumberOrName(value);
  if (complaint === undefined) return;
  const { message, fix } = complaint;
  payload.issues.push({ code: "custom", input: value, message, params: { fix }, continue: true });
});

function checkPortNumberOrName(value: unknown): Complaint | undefined {
  if (typeof value === "string") return checkPortName(value);
  if (Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 65535) return undefined;
  return { message: `found ${describeValue(value)}, expected a port number from 1 to 65535 or a port's name` };
}

/** A map of texts, such as a selector. */
export const textMap = z.record(z.string(), z.string());
