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
