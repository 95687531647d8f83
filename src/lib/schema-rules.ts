import { z } from "zod";

/** What is wrong with a value, and what to write instead where that can be told. */
export interface Complaint {
  readonly message: string;
  readonly fix?: string;
}

/** A string with which `check` finds nothing wrong. */
export function text(check: (text: string) => Complaint | undefined): z.ZodString {
  return z.string().check((payload) => {
    const complaint = check(payload.value);
    if (complaint === undefined) return;
    const { message, fix } = complaint;
    payload.issues.push({ code: "custom", input: payload.value, message, params: { fix }, continue: true });
  });
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
