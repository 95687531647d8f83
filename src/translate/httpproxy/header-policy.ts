import type { ProxyHeadersPolicy } from "#resources/httpproxy.ts";
import type { IrHeaderChanges, IrHostRewrite } from "../ir-route.ts";
import { isHeaderName } from "./header-conditions.ts";

/** What a headers policy comes to; a request's Host is rewritten apart from its headers. */
export type HeaderPolicy =
  | { readonly changes: IrHeaderChanges | undefined; readonly host: IrHostRewrite | undefined }
  | { readonly problem: string };

export interface HeaderPolicyPlace {
  /** How Host may be set: to a text alone, also to another header of the request, or not at all. */
  readonly host: "static" | "dynamic" | "never";
  /** What stands for Contour's own variables. */
  readonly variables: Readonly<Record<string, string>>;
}

/** Of HeaderValue.value in Envoy. */
const LONGEST_VALUE = 16_384;

export function headerPolicy(policy: ProxyHeadersPolicy | undefined, place: HeaderPolicyPlace): HeaderPolicy {
  if (policy === undefined) return { changes: undefined, host: undefined };
  const set = new Map<string, string>();
  let host: IrHostRewrite | undefined;
  for (const { name, value } of policy.set) {
    const key = name.toLowerCase();
    if (key === "host") {
      if (host !== undefined) return { problem: `header ${name} is set twice` };
      const found = hostRewrite(value, place);
      if ("problem" in found) return found;
      host = found.host;
      continue;
    }
    if (!isHeaderName(key) || key.startsWith(":")) return { problem: `${name} is no name of a header that can be set` };
    if (/[\r\n\0]/.test(value)) return { problem: `the value of header ${name} has more than one line` };
    if (Buffer.byteLength(value) > LONGEST_VALUE)
      return { problem: `the value of header ${name} has more than ${LONGEST_VALUE} bytes` };
    if (set.has(key)) return { problem: `header ${name} is set twice` };
    set.set(key, formatOf(value, place.variables));
  }
  const remove = new Set<string>();
  for (const name of policy.remove) {
    const key = name.toLowerCase();
    if (!isHeaderName(key) || key.startsWith(":") || key === "host")
      return { problem: `${name} is no name of a header that can be removed` };
    if (remove.has(key)) return { problem: `header ${name} is removed twice` };
    remove.add(key);
  }
  const nothing = set.size === 0 && remove.size === 0;
  const changes = { set: [...set].map(([name, value]) => ({ name, value })), remove: [...remove] };
  return { changes: nothing ? undefined : changes, host };
}

function hostRewrite(
  value: string,
  place: HeaderPolicyPlace,
): { readonly host: IrHostRewrite } | { readonly problem: string } {
  if (place.host === "never") return { problem: "Host cannot be set on responses" };
  const [, header] = /^%REQ\(([\w-]+)\)%$/.exec(value) ?? [];
  if (header !== undefined) {
    if (place.host === "dynamic") return { host: { type: "header", name: header.toLowerCase() } };
    return { problem: "Host of a service is a text, not another header; set it on the route" };
  }
  if (!/^[a-z0-9]([-a-z0-9.:]*[a-z0-9])?$/i.test(value)) return { problem: `${value} is no host` };
  return { host: { type: "literal", value } };
}

/** What Contour lets through of Envoy's own variables; a percent sign of anything else is a percent sign. */
export const ENVOY_VARIABLES: ReadonlySet<string> = new Set([
  "DOWNSTREAM_REMOTE_ADDRESS",
  "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT",
  "DOWNSTREAM_LOCAL_ADDRESS",
  "DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT",
  "DOWNSTREAM_LOCAL_PORT",
  "DOWNSTREAM_LOCAL_URI_SAN",
  "DOWNSTREAM_PEER_URI_SAN",
  "DOWNSTREAM_LOCAL_SUBJECT",
  "DOWNSTREAM_PEER_SUBJECT",
  "DOWNSTREAM_PEER_ISSUER",
  "DOWNSTREAM_TLS_SESSION_ID",
  "DOWNSTREAM_TLS_CIPHER",
  "DOWNSTREAM_TLS_VERSION",
  "DOWNSTREAM_PEER_FINGERPRINT_256",
  "DOWNSTREAM_PEER_FINGERPRINT_1",
  "DOWNSTREAM_PEER_SERIAL",
  "DOWNSTREAM_PEER_CERT",
  "DOWNSTREAM_PEER_CERT_V_START",
  "DOWNSTREAM_PEER_CERT_V_END",
  "HOSTNAME",
  "PROTOCOL",
  "UPSTREAM_REMOTE_ADDRESS",
  "RESPONSE_FLAGS",
  "RESPONSE_CODE_DETAILS",
]);

/** A name, or a header of the request: `REQ(X?Y):10` is the first ten characters of X, or of Y where there is no X. */
const VARIABLE = /%(?:([A-Z0-9_]+)%|(REQ\(:?[\w-]+(?:\?:?[\w-]+)?\)(?::\d{1,9})?)%)?/g;

function formatOf(value: string, variables: Readonly<Record<string, string>>): string {
  return value.replaceAll(VARIABLE, (found, name?: string, request?: string) => {
    if (request !== undefined) return found;
    if (name === undefined) return "%%";
    const own = Object.hasOwn(variables, name) ? variables[name] : undefined;
    if (own !== undefined) return own.replaceAll("%", "%%");
    return ENVOY_VARIABLES.has(name) ? found : `%%${name}%%`;
  });
}
