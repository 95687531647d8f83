import type { ProxyRoute } from "#resources/httpproxy.ts";
import type { IrMatch, IrPathRewrite } from "../ir-route.ts";
import { quoteRegex } from "../regular-expression.ts";

type Policy = NonNullable<ProxyRoute["pathRewritePolicy"]>;

export interface PathRewriteProblem {
  readonly reason: "MustHavePrefix" | "DuplicateReplacement" | "AmbiguousReplacement";
  readonly message: string;
  readonly fix: string;
}

/**
 * What a prefix becomes: the replacement for the route's whole prefix, else the one that names no prefix. Slashes meet in one:
 * `/app` → `/` makes `/v1` of `/app/v1`, where Envoy's own prefix rewrite would make `//v1`.
 */
export function pathRewrite(
  policy: Policy | undefined,
  match: IrMatch,
): { readonly rewrite: IrPathRewrite | undefined } | { readonly problem: PathRewriteProblem } {
  const replacements = policy?.replacePrefix ?? [];
  if (replacements.length === 0) return { rewrite: undefined };
  const { type, value: prefix } = match.path;
  if (type !== "prefix" && type !== "textPrefix") {
    const message = `a prefix is to be replaced, and the route asks for ${type} ${prefix}`;
    return { problem: { reason: "MustHavePrefix", message, fix: "ask for a prefix instead" } };
  }
  const byPrefix = new Map<string, string>();
  for (const { prefix: own = "", replacement } of replacements) {
    const before = byPrefix.get(own);
    byPrefix.set(own, replacement);
    if (before === undefined) continue;
    const [reason, words] =
      own === ""
        ? (["AmbiguousReplacement", "more than one replacement names no prefix"] as const)
        : (["DuplicateReplacement", `prefix ${own} has more than one replacement`] as const);
    return { problem: { reason, message: words, fix: "keep one of them" } };
  }
  const replacement = byPrefix.get(prefix) ?? byPrefix.get("");
  return { rewrite: replacement === undefined ? undefined : rewriteOf(prefix, replacement) };
}

/** What replaces the prefix of a redirect, in the same way; of another match all of it is replaced. */
export function redirectPrefix({ path: { type, value } }: IrMatch, replacement: string): IrPathRewrite {
  return type === "prefix" || type === "textPrefix"
    ? rewriteOf(value, replacement)
    : { type: "prefix", value: replacement };
}

function rewriteOf(prefix: string, replacement: string): IrPathRewrite {
  const rooted = `/${replacement.replace(/^\/+/, "")}`;
  const bare = rooted.replace(/\/+$/, "");
  if (prefix.endsWith("/")) return { type: "prefix", value: `${bare}/` };
  if (bare !== "") return { type: "prefix", value: bare };
  return { type: "regex", pattern: `^${quoteRegex(prefix)}/*`, substitution: "/" };
}
