import { isIPv6 } from "node:net";

/** `TYPE:value`, the value in quotes when it holds what could be taken for a separator. */
const ALTERNATIVE_NAME = /([^:,"]+):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/g;

/**
 * The names in a certificate's subjectaltname as Node writes it: `DNS:a.test, URI:spiffe://x/y, IP Address:10.0.0.1`. A value
 * in quotes stays so: what needs them is no name that anybody would allow, and must not be taken for one.
 */
export function alternativeNames(subjectAltName: string): readonly string[] {
  return [...subjectAltName.matchAll(ALTERNATIVE_NAME)].flatMap(([, type = "", value = ""]) =>
    ["DNS", "URI", "IP Address"].includes(type) ? [value] : [],
  );
}

/** Equal for names that mean the same: case does not count, nor how an IPv6 address is written. */
export function comparableName(name: string): string {
  return isIPv6(name) ? new URL(`http://[${name}]`).hostname : name.toLowerCase();
}
