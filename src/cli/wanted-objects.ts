import type { Kind } from "#resources/ref.ts";
import { UsageError } from "./context.ts";
import { parseKind } from "./kind-words.ts";

/** One thing that `binnacle get` was asked for. */
export interface WantedObjects {
  /** Undefined: every kind. */
  readonly kind: Kind | undefined;
  /** Undefined: all of them. */
  readonly names: readonly string[] | undefined;
}

/**
 * What `get` means, in kubectl's forms: `ing`, `ing,svc`, `ing shop blog`, `ing/shop svc/cart`. Throws a {@link UsageError} for any
 * other.
 */
export function wantedObjects(what: string, names: readonly string[]): readonly WantedObjects[] {
  const words = [what, ...names];
  if (what.includes("/")) {
    return words.map((word) => {
      const [kind = "", name = "", ...more] = word.split("/");
      if (name !== "" && more.length === 0) return { kind: parseKind(kind), names: [name] };
      throw new UsageError(
        `${word} is no KIND/NAME`,
        "write each as ing/shop, or one kind and then names: ing shop blog",
      );
    });
  }
  const slash = names.find((name) => name.includes("/"));
  if (slash !== undefined) {
    throw new UsageError(
      `${slash} after ${what} is no name`,
      "write each as ing/shop, or one kind and then names: ing shop blog",
    );
  }
  const wanted = names.length === 0 ? undefined : names;
  return [...new Set(what.split(",").map(parseKind))].map((kind) => ({ kind, names: wanted }));
}
