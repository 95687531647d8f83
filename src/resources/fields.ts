import { z } from "zod";
import { type Complaint, checkPortName, checkQualifiedName, quote } from "./names.ts";

/** Tells of one problem: `path` is relative to the value that the rule is attached to. */
export type Report = (path: readonly (string | number)[], message: string, fix?: string) => void;

/** A string with which `check` finds nothing wrong. */
export function text(check: (text: string) => Complaint | undefined): z.ZodString {
  return z.string().check((payload) => {
    const complaint = check(payload.value);
    if (complaint === undefined) return;
    const { message, fix } = complaint;
    payload.issues.push({ code: "custom", input: payload.value, message, params: { fix }, continue: true });
  });
}

/**
 * A rule over several fields of one value. It runs even when a part of the value has the wrong type, so that all problems
 * come at once; therefore it is given the value as unknown parts.
 */
export function rule<T>(check: (value: Loose<T>, report: Report) => void) {
  return z.superRefine<T>(
    (value, context) => {
      check(value as Loose<T>, (path, message, fix) =>
        context.addIssue({ code: "custom", path: [...path], message, params: { fix } }),
      );
    },
    { when: ({ value }) => typeof value === "object" && value !== null },
  );
}

/** A value whose parts were not (yet) found to have their types. */
export type Loose<T> = T extends readonly (infer Item)[]
  ? readonly (Loose<Item> | undefined)[]
  : T extends object
    ? { readonly [Key in keyof T]?: Loose<T[Key]> | undefined }
    : unknown;

/** A port's number. */
export const portNumber = z.int().min(1).max(65535);

export const PROTOCOLS = ["TCP", "UDP", "SCTP"] as const;
export const protocol = z.enum(PROTOCOLS);

/** `appProtocol` of a port: an IANA name or a prefixed one, e.g. `kubernetes.io/h2c`. */
export const appProtocol = text(checkQualifiedName);

/** A port by number, or by the name it has elsewhere. */
export const portNumberOrName = z.custom<number | string>().check((payload) => {
  const { value } = payload;
  const complaint =
    typeof value === "string"
      ? checkPortName(value)
      : Number.isInteger(value) && value >= 1 && value <= 65535
        ? undefined
        : { message: `found ${describeFound(value)}, expected a port number from 1 to 65535 or a port's name` };
  if (complaint === undefined) return;
  const { message, fix } = { fix: undefined, ...complaint };
  payload.issues.push({ code: "custom", input: value, message, params: { fix }, continue: true });
});

/** A map of texts, such as a selector. */
export const textMap = z.record(z.string(), z.string());

/** What stands at a field, in words that never repeat a long text. */
export function describeFound(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a map";
  if (typeof value === "string") return `the text ${quote(value)}`;
  return typeof value === "number" ? `the number ${value}` : String(value);
}
