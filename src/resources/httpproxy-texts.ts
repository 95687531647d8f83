import { quote } from "#lib/describe-value.ts";
import type { Complaint } from "#lib/schema-rules.ts";
import { checkDnsSubdomain } from "./names.ts";

/** A cookie's name (RFC 6265 §4.1.1: a token of RFC 2616). */
export function checkCookieName(value: string): Complaint | undefined {
  return sized(value) ?? expect(value, /^[!#$%&'*+\-.0-9A-Z^_`a-z|~]+$/, "a cookie's name");
}

/** A cookie's path (RFC 6265 §4.1.1: no control characters and no `;`). */
export function checkCookiePath(value: string): Complaint | undefined {
  // oxlint-disable-next-line no-control-regex -- these are what may not stand in it
  return sized(value) ?? expect(value, /^[^;\x00-\x1f\x7f]+$/, "a path without ';' and control characters");
}

/** The domain of a cookie. */
export function checkDomain(value: string): Complaint | undefined {
  return value === "" ? sized(value) : checkDnsSubdomain(value);
}

/** A method or the name of a header (RFC 9110 §5.6.2: token). */
export function checkToken(value: string): Complaint | undefined {
  return expect(value, /^[a-zA-Z0-9!#$%&'*+.^_`|~-]+$/, "a name of letters, digits and -._ alone");
}

/** A path of a redirect. */
export function checkSlashFirst(value: string): Complaint | undefined {
  return value.startsWith("/")
    ? undefined
    : { message: `found ${quote(value)}, expected a path that starts with /`, fix: `write /${value}` };
}

const LONGEST = 4096;

function sized(value: string): Complaint | undefined {
  if (value === "") return { message: "found an empty text, expected at least one character" };
  return value.length <= LONGEST
    ? undefined
    : { message: `found ${value.length} characters, expected at most ${LONGEST}`, fix: "shorten it" };
}

function expect(value: string, pattern: RegExp, what: string): Complaint | undefined {
  return pattern.test(value) ? undefined : { message: `found ${quote(value)}, expected ${what}` };
}
