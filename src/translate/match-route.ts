import { RE2JS } from "re2js";
import { quote } from "#lib/describe-value.ts";
import { unreachable } from "#lib/unreachable.ts";
import type { IrMatch, IrPathMatch } from "./ir-route.ts";
import type { RoutedRequest } from "./match-request.ts";
import { matchesHeader, matchesText, textMatchWords } from "./match-text.ts";

/** Why a route does not take a request: the first of its conditions that does not hold, in words. Undefined: all hold. */
export function routeMismatch(match: IrMatch, request: RoutedRequest): string | undefined {
  if (!matchesPath(match.path, request.path))
    return `the path ${quote(request.path)} ${PATH_WORDS[match.path.type]} ${match.path.value}`;
  for (const header of match.headers ?? []) {
    const value = request.headers.get(header.name);
    if (matchesHeader(header, value)) continue;
    const found = value === undefined ? "it is absent" : `it is ${quote(value)}`;
    return `asks that ${headerName(header.name)} ${textMatchWords(header.match, header.not)}, and ${found}`;
  }
  for (const { name, match: wanted } of match.query ?? []) {
    const value = request.query.get(name);
    if (value !== undefined && matchesText(wanted, value)) continue;
    const found = value === undefined ? "it is absent" : `it is ${quote(value)}`;
    return `asks that query parameter ${name} ${textMatchWords(wanted)}, and ${found}`;
  }
  return undefined;
}

/** `/cart`, whole elements: what a route asks for, in words. */
export function matchWords({ path, headers = [], query = [] }: IrMatch): string {
  return [
    `${path.type === "textPrefix" ? "prefix (as text)" : path.type} ${path.value}`,
    ...headers.map(({ name, match, not }) => `${headerName(name)} ${textMatchWords(match, not)}`),
    ...query.map(({ name, match }) => `query parameter ${name} ${textMatchWords(match)}`),
  ].join(", ");
}

function headerName(name: string): string {
  return name === ":method" ? "the method" : `header ${name}`;
}

const PATH_WORDS: Readonly<Record<IrPathMatch["type"], string>> = {
  exact: "is not",
  prefix: "is neither, nor below,",
  textPrefix: "does not begin with",
  regex: "does not match the expression",
};

function matchesPath({ type, value }: IrPathMatch, path: string): boolean {
  switch (type) {
    case "exact":
      return path === value;
    case "prefix":
      return value === "/" || path === value || path.startsWith(`${value}/`);
    case "textPrefix":
      return path.startsWith(value);
    case "regex":
      return RE2JS.compile(value).matches(path);
    default:
      return unreachable(type);
  }
}
