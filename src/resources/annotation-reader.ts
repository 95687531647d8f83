import { parseDuration } from "#lib/duration.ts";
import { quote } from "#lib/describe-value.ts";
import { formatPath } from "#lib/field-path.ts";
import { nearest } from "#lib/nearest.ts";
import type { Problem } from "#lib/problem.ts";

/** The prefix of our own annotations. */
export const OWN_PREFIX = "binnacle.dev/";

/** What was read, with what could not be: each problem's annotation counts as absent. */
export interface ReadAnnotations<T> {
  readonly value: T;
  readonly problems: readonly Problem[];
}

/**
 * Reads single annotations of one object. A value that cannot be read is as good as absent and leaves a problem: an error
 * where the annotation is our own, a warning where it came from another controller, which would have ignored it.
 */
export class AnnotationReader {
  readonly problems: Problem[] = [];
  readonly #annotations: Readonly<Record<string, string>>;

  constructor(annotations: Readonly<Record<string, string>>) {
    this.#annotations = annotations;
  }

  text(name: string): string | undefined {
    return Object.hasOwn(this.#annotations, name) ? this.#annotations[name]?.trim() : undefined;
  }

  boolean(name: string): boolean | undefined {
    return this.choice(name, { true: true, false: false });
  }

  /** One of the texts that are keys of `choices`. */
  choice<T>(name: string, choices: Readonly<Record<string, T>>): T | undefined {
    // Most objects have none: the words for a complaint cost more than all the rest.
    if (this.text(name) === undefined) return undefined;
    return this.read(name, `one of ${Object.keys(choices).map(quote).join(", ")}`, (text) =>
      Object.hasOwn(choices, text) ? choices[text] : undefined,
    );
  }

  /** A whole number from `least` to `most`. */
  count(name: string, least: number, most: number): number | undefined {
    return this.read(name, `a whole number from ${least} to ${most}`, (text) => {
      const value = /^-?\d+$/.test(text) ? Number(text) : NaN;
      return value >= least && value <= most ? value : undefined;
    });
  }

  /** Milliseconds; `infinity` only where it is allowed, as Infinity. */
  duration(name: string, infinity: "infinity" | "finite"): number | undefined {
    const expected =
      infinity === "infinity" ? "a duration such as 5s or 500ms, or infinity" : "a duration such as 5s or 500ms";
    return this.read(name, expected, (text) => {
      if (infinity === "infinity" && /^infinit[ey]$/.test(text)) return Infinity;
      const milliseconds = parseDuration(text);
      return infinity === "finite" && milliseconds === 0 ? undefined : milliseconds;
    });
  }

  /** Entries separated by commas, all of which must please `accepts`. */
  list(name: string, expected: string, accepts: (entry: string) => boolean): readonly string[] | undefined {
    return this.read(name, `${expected}, separated by commas`, (text) => {
      const entries = text.split(",").map((entry) => entry.trim());
      return entries.every(accepts) ? entries : undefined;
    });
  }

  /** @param parse gives `undefined` for a text that is not what was expected */
  read<T>(name: string, expected: string, parse: (text: string) => T | undefined): T | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = parse(text);
    if (value === undefined) this.complain(name, `found ${quote(text)}, expected ${expected}`);
    return value;
  }

  complain(name: string, message: string, fix?: string): void {
    const severity = name.startsWith(OWN_PREFIX) ? "error" : "warning";
    const ignored = severity === "error" ? "" : "; it is ignored";
    this.problems.push(problem(severity, name, `${message}${ignored}`, fix));
  }

  /** Tells of a value that can be read and does not do what it seems to. */
  warn(name: string, message: string, fix?: string): void {
    this.problems.push(problem("warning", name, message, fix));
  }

  /** Warns of annotations with our prefix that mean nothing on this kind of object. */
  warnOfUnknown(known: readonly string[], elsewhere: Readonly<Record<string, readonly string[]>>): void {
    for (const name of Object.keys(this.#annotations)) {
      if (!name.startsWith(OWN_PREFIX) || known.includes(name)) continue;
      const home = Object.entries(elsewhere).find(([, names]) => names.includes(name))?.[0];
      const meant = nearest(
        name.slice(OWN_PREFIX.length),
        known.map((candidate) => candidate.slice(OWN_PREFIX.length)),
      );
      if (home !== undefined) {
        this.problems.push(problem("warning", name, `has no effect here: it belongs on ${home}`, "move it there"));
      } else {
        const fix = meant === undefined ? "remove it" : `write ${OWN_PREFIX}${meant}`;
        this.problems.push(problem("warning", name, "unknown annotation", fix));
      }
    }
  }
}

function problem(severity: Problem["severity"], name: string, message: string, fix: string | undefined): Problem {
  const path = formatPath(["metadata", "annotations", name]);
  return { severity, path, message, ...(fix === undefined ? {} : { fix }) };
}
