import {
  HeaderMatcher,
  type QueryParameterMatcher,
  RouteMatch,
} from "#proto/envoy/config/route/v3/route_components.ts";
import type { StringMatcher } from "#proto/envoy/type/matcher/v3/string.ts";
import { unreachable } from "#lib/unreachable.ts";
import type { IrHeaderMatch, IrTextMatch } from "#translate/ir-header-match.ts";
import type { IrMatch, IrPathMatch, IrQueryMatch } from "#translate/ir-route.ts";

/** What is not set, made once: a copy by `fromPartial` costs more than the encoding. */
const ROUTE_MATCH = RouteMatch.fromPartial({});
const HEADER = HeaderMatcher.fromPartial({});
const NONE: readonly never[] = [];

/** @param host what the virtual host itself asks of a request's headers */
export function routeMatch(ir: IrMatch, host: readonly HeaderMatcher[]): RouteMatch {
  return {
    ...ROUTE_MATCH,
    pathSpecifier: pathSpecifier(ir.path),
    headers: [...host, ...(ir.headers ?? NONE).map(headerMatcher)],
    queryParameters: (ir.query ?? NONE).map(queryMatcher),
  };
}

export function headerMatcher({ name, match, not, missingAsEmpty }: IrHeaderMatch): HeaderMatcher {
  return {
    ...HEADER,
    name,
    headerMatchSpecifier:
      match.type === "present"
        ? { $case: "presentMatch", value: true }
        : { $case: "stringMatch", value: stringMatcher(match) },
    invertMatch: not === true,
    treatMissingHeaderAsEmpty: missingAsEmpty === true,
  };
}

function pathSpecifier(path: IrPathMatch): RouteMatch["pathSpecifier"] {
  switch (path.type) {
    case "exact":
      return { $case: "path", value: path.value };
    case "prefix":
      // Envoy refuses "/" as path elements, where it would match everything anyway.
      if (path.value === "/") return { $case: "prefix", value: "/" };
      return { $case: "pathSeparatedPrefix", value: path.value };
    case "textPrefix":
      return { $case: "prefix", value: path.value };
    case "regex":
      return { $case: "safeRegex", value: { regex: path.value, engineType: undefined } };
    default:
      return unreachable(path);
  }
}

function queryMatcher({ name, match }: IrQueryMatch): QueryParameterMatcher {
  return {
    name,
    queryParameterMatchSpecifier:
      match.type === "present"
        ? { $case: "presentMatch", value: true }
        : { $case: "stringMatch", value: stringMatcher(match) },
  };
}

function stringMatcher(match: Exclude<IrTextMatch, { readonly type: "present" }>): StringMatcher {
  if (match.type === "regex") {
    const value = { regex: match.value, engineType: undefined };
    return { matchPattern: { $case: "safeRegex", value }, ignoreCase: false };
  }
  return { matchPattern: { $case: match.type, value: match.value }, ignoreCase: match.ignoreCase === true };
}
