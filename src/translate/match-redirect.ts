import { RE2JS } from "re2js";
import { unreachable } from "#lib/unreachable.ts";
import type { IrPathMatch, IrRedirect } from "./ir-route.ts";
import type { RoutedRequest } from "./match-request.ts";

/** The Location of a redirect, as Envoy makes it (RouteEntryImplBase::newUri). `host` is the virtual host's. */
export function redirectLocation(
  redirect: IrRedirect,
  match: IrPathMatch,
  host: string,
  request: RoutedRequest,
): string {
  const own = request.secure ? "https" : "http";
  const scheme = redirect.scheme ?? own;
  return `${scheme}://${authorityOf(redirect, host, scheme, own, request)}${targetOf(redirect, match, request)}`;
}

/** The address that a request came to. */
export function ownAddress({ secure, authority, path, search }: RoutedRequest): string {
  return `${secure ? "https" : "http"}://${authority}${path}${search}`;
}

/** A host that is one name is told by it where the scheme is (see xds/resources/redirect.ts); else the request's own. */
function authorityOf(
  { host: told, port, scheme: toldScheme }: IrRedirect,
  host: string,
  scheme: string,
  own: string,
  { authority }: RoutedRequest,
): string {
  const written = port === undefined ? "" : `:${port}`;
  if (told !== undefined) return told + written;
  const bare = authority.replace(/:\d+$/, "");
  if (toldScheme !== undefined && port === undefined) {
    return host.startsWith("*") ? `${bare}:${scheme === "https" ? 443 : 80}` : host;
  }
  if (port !== undefined) return bare + written;
  const isDefault = authority.endsWith(own === "http" ? ":80" : ":443");
  return scheme !== own && isDefault ? bare : authority;
}

function targetOf({ path }: IrRedirect, match: IrPathMatch, request: RoutedRequest): string {
  if (path === undefined) return request.path + request.search;
  switch (path.type) {
    case "prefix":
      // An expression matches the whole path.
      return path.value + request.path.slice(match.type === "regex" ? Infinity : match.value.length) + request.search;
    case "regex":
      // Envoy writes groups as \1.
      return (
        RE2JS.compile(path.pattern)
          .matcher(request.path)
          .replaceAll(path.substitution.replaceAll(/\\(\d)/g, "$$$1")) + request.search
      );
    case "full":
      // A path with a query of its own replaces the request's.
      return path.value.includes("?") ? path.value : path.value + request.search;
    default:
      return unreachable(path);
  }
}
