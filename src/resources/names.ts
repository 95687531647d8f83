import { isIP } from "node:net";
import { quote } from "#lib/describe-value.ts";
import type { Complaint } from "#lib/schema-rules.ts";

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const QUALIFIED_PART = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

/** A DNS label (RFC 1123): the name of a namespace, a Service or a Service's port. */
export function isDnsLabel(text: string): boolean {
  return text.length <= 63 && LABEL.test(text);
}

/** A DNS subdomain (RFC 1123): the name of most Kubernetes objects. */
export function isDnsSubdomain(text: string): boolean {
  return text.length <= 253 && SUBDOMAIN.test(text);
}

/** A name as the API server takes it where it is asked of DNS: a dot at its end says that it is whole (RFC 1034 §3.1). */
export function withoutFinalDot(text: string): string {
  return text.endsWith(".") ? text.slice(0, -1) : text;
}

/** `undefined` when `text` is a DNS label, else what is wrong with it. */
export function checkDnsLabel(text: string): Complaint | undefined {
  return isDnsLabel(text) ? undefined : complain(text, "a DNS label", 63, "letters a-z, digits and '-'");
}

/** `undefined` when `text` is a DNS subdomain, else what is wrong with it. */
export function checkDnsSubdomain(text: string): Complaint | undefined {
  return isDnsSubdomain(text) ? undefined : complain(text, "a DNS name", 253, "letters a-z, digits, '-' and '.'");
}

/**
 * A host of a route: a fully qualified name, or one whose whole first label is `*`. An address is not a host here:
 * clients that connect to an address send it as `Host` and no name could be told apart.
 */
export function checkHost(text: string): Complaint | undefined {
  if (isIP(text) !== 0 || /^\[.*\]$/.test(text)) {
    return {
      message: `found the address ${quote(text)}, expected a DNS name`,
      fix: "use a host name, or leave host out",
    };
  }
  if (/:\d+$/.test(text)) {
    return {
      message: `found ${quote(text)} with a port, expected a host alone`,
      fix: "remove the port: listeners choose it",
    };
  }
  const rest = text.startsWith("*.") ? text.slice(2) : text;
  if (rest.includes("*")) {
    return {
      message: `found ${quote(text)}, but a wildcard stands for one whole first label`,
      fix: "write it as *.example.com",
    };
  }
  return checkDnsSubdomain(rest) === undefined && text.length <= 253
    ? undefined
    : complain(text, "a host name", 253, "letters a-z, digits, '-' and '.', or '*.' in front");
}

/** Whether a host that passed {@link checkHost} stands for all names one label below it. */
export function isWildcardHost(host: string): boolean {
  return host.startsWith("*.");
}

/** `name` or `prefix/name`, as keys of labels and annotations, appProtocol and the like are written. */
export function checkQualifiedName(text: string): Complaint | undefined {
  const slash = text.indexOf("/");
  const prefix = slash < 0 ? undefined : text.slice(0, slash);
  const name = text.slice(slash + 1);
  if (name.length <= 63 && QUALIFIED_PART.test(name) && (prefix === undefined || isDnsSubdomain(prefix)))
    return undefined;
  return {
    message: `found ${quote(text)}, expected 'name' or 'dns.prefix/name' with at most 63 characters in the name`,
  };
}

/** A label's value: empty, or at most 63 letters, digits, `-`, `_` and `.`. */
export function checkLabelValue(text: string): Complaint | undefined {
  if (text === "" || (text.length <= 63 && QUALIFIED_PART.test(text))) return undefined;
  return complain(text, "a label value", 63, "letters, digits, '-', '_' and '.'");
}

/** A port's name where it may stand for a number (targetPort, an Ingress backend): RFC 6335, at most 15 characters. */
export function checkPortName(text: string): Complaint | undefined {
  if (text.length <= 15 && LABEL.test(text) && /[a-z]/.test(text) && !text.includes("--")) return undefined;
  if (/^\d+$/.test(text))
    return { message: `found the text ${quote(text)}, expected a port's name or a number`, fix: "remove the quotes" };
  return complain(text, "a port name", 15, "letters a-z, digits and single '-', with at least one letter");
}

function complain(text: string, what: string, longest: number, characters: string): Complaint {
  if (text === "") return { message: `found an empty text, expected ${what}` };
  if (text.length > longest) {
    return { message: `found ${text.length} characters, expected ${what} of at most ${longest}`, fix: "shorten it" };
  }
  const message = `found ${quote(text)}, expected ${what}: ${characters}, with a letter or digit at both ends`;
  const lower = text.toLowerCase();
  const repaired = lower.replaceAll("_", "-");
  if (SUBDOMAIN.test(repaired) && !SUBDOMAIN.test(text)) return { message, fix: `write ${repaired}` };
  return { message };
}
