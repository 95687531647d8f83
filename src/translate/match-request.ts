/** A request as routes look at it: after Envoy's own checks and normalisation, before anything is rewritten. */
export interface RoutedRequest {
  readonly secure: boolean;
  readonly method: string;
  /** As the client wrote it, with its port; without a dot after the name. */
  readonly authority: string;
  /** The authority by which the virtual host is chosen: lower case, without port and without a dot at the end. */
  readonly host: string;
  /** Without query, normalised. */
  readonly path: string;
  /** With its `?`, as the client wrote it; empty without one. */
  readonly search: string;
  /** By lower-case name; values of one name joined with `,`. `:method`, `:authority`, `:path` and the like are among them. */
  readonly headers: ReadonlyMap<string, string>;
  /** The first value of each parameter, not decoded. */
  readonly query: ReadonlyMap<string, string>;
}

export interface RequestWishes {
  readonly secure: boolean;
  readonly method: string;
  readonly authority: string;
  /** With query; begins with `/`. */
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** What Envoy answers by itself, before it looks for a route (see xds/resources/http-connection-manager.ts). */
export interface EarlyAnswer {
  readonly status: number;
  readonly why: string;
  readonly location?: string;
}

/** The request as routes see it, or what Envoy says to it before. */
export function routedRequest(wishes: RequestWishes): RoutedRequest | EarlyAnswer {
  const { secure, method, target, headers } = wishes;
  const authority = wishes.authority.replace(/\.(:\d+)?$/, "$1");
  const underscored = headers.find(([name]) => name.includes("_"));
  if (underscored !== undefined) {
    return { status: 400, why: `the header ${underscored[0]} has an underscore in its name, which is refused` };
  }
  if (/[^!-~]/.test(target)) return { status: 400, why: "the path has characters that need to be percent-encoded" };
  const cut = target.indexOf("?");
  const written = cut === -1 ? target : target.slice(0, cut);
  const search = cut === -1 ? "" : target.slice(cut);
  const isEscaped = /%(2f|5c)/i.test(written);
  const path = normalPath(written.replaceAll(/%2f/gi, "/").replaceAll(/%5c/gi, "\\"));
  if (path === undefined) return { status: 400, why: "the path holds what no path may" };
  if (isEscaped) {
    const why = "escaped slashes in a path are redirected to plain ones";
    return { status: 307, why, location: path + search };
  }
  const scheme = secure ? "https" : "http";
  const all = new Map<string, string>([
    // What Envoy gives every request, unless the client's own counts.
    ["x-request-id", "(a new one)"],
    ["x-forwarded-for", "(the client's address)"],
  ]);
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    const before = headers.some(([other]) => other !== name && other.toLowerCase() === key) || all.has(key);
    all.set(key, before && !GIVEN.has(key) ? `${all.get(key) ?? ""},${value}`.replace(/^,/, "") : value);
  }
  for (const [name, value] of [
    [":method", method],
    [":authority", authority],
    ["host", authority],
    [":path", path + search],
    [":scheme", scheme],
    ["x-forwarded-proto", scheme],
  ] as const) {
    all.set(name, value);
  }
  return { secure, method, authority, host: hostOf(authority), path, search, headers: all, query: queryOf(search) };
}

const GIVEN = new Set(["x-request-id", "x-forwarded-for"]);

/** `Shop.test.:8080` → `shop.test`: a port says nothing about which host is meant, and neither does a dot at the end. */
export function hostOf(authority: string): string {
  const bare = authority.replace(/:\d+$/, "");
  return (bare.endsWith("]") || !bare.includes("]") ? bare : authority).replace(/\.$/, "").toLowerCase();
}

/**
 * RFC 3986 §6.2.2 and slashes merged, as Envoy has it (`normalize_path`, `merge_slashes`): dot segments go, also escaped ones,
 * backslashes are slashes, unreserved characters stand for themselves and doubtful ones escaped. Undefined: it holds a NUL.
 */
function normalPath(written: string): string | undefined {
  if (!written.startsWith("/") || /%00/.test(written)) return undefined;
  const segments: string[] = [];
  const parts = written.replaceAll("\\", "/").slice(1).split("/");
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1;
    const plain = part.replaceAll(/%2e/gi, ".");
    if (plain === ".." || plain === ".") {
      if (plain === "..") segments.pop();
      if (isLast) segments.push("");
    } else segments.push(normalSegment(part));
  }
  const whole = `/${segments.join("/")}`;
  // Merging the slashes of nothing but slashes leaves two (PathUtil/mergeSlashes: the first and the last).
  return /^\/{2,}$/.test(whole) ? "//" : whole.replaceAll(/\/{2,}/g, "/");
}

/** As the table of Envoy's URL library says (url_canon_path.cc): letters, digits and `-_~` are told plainly. */
function normalSegment(segment: string): string {
  return segment
    .replaceAll(/%([0-9a-f]{2})/gi, (escaped, digits: string) => {
      const character = String.fromCharCode(Number.parseInt(digits, 16));
      return /[\w.~-]/.test(character) ? character : escaped;
    })
    .replaceAll(/["<>^`{|}]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

function queryOf(search: string): ReadonlyMap<string, string> {
  const query = new Map<string, string>();
  for (const part of search.slice(1).split("&")) {
    if (part === "") continue;
    const equals = part.indexOf("=");
    const name = equals === -1 ? part : part.slice(0, equals);
    if (!query.has(name)) query.set(name, equals === -1 ? "" : part.slice(equals + 1));
  }
  return query;
}
