import { bytesHash, canonicalJson } from "#lib/canonical.ts";
import { unreachable } from "#lib/unreachable.ts";
import type { IrMatch, IrPathMatch } from "./ir-route.ts";

/**
 * The name of a route: its path, then the names of what else is asked for. Equal matches have equal names, different ones
 * different names. Values of headers and parameters are not shown (one may be a secret, and names go into metrics): a hash
 * stands for them.
 */
export function routeName(match: IrMatch): string {
  const { path, headers = [], query = [] } = match;
  const asked = [...headers.map(({ name }) => name), ...query.map(({ name }) => `?${name}`)];
  if (asked.length === 0) return pathName(path);
  const names = [...new Set(asked)].join(" ");
  return `${pathName(path)} [${names} ${bytesHash(canonicalJson([headers, query])).slice(0, 10)}]`;
}

function pathName({ type, value }: IrPathMatch): string {
  switch (type) {
    case "exact":
    case "prefix":
    case "regex":
      return `${type} ${value}`;
    case "textPrefix":
      return `prefix ${value}*`;
    default:
      return unreachable(type);
  }
}
