import type { z } from "zod";
import {
  goDuration,
  goDurationOrInfinity,
  secretReference,
  secretReferenceOrEmpty,
  someText,
} from "#resources/httpproxy-fields.ts";

/** What the API server is told of a field beside its type, because a check written in TypeScript does not tell it. */
export interface FieldRule {
  /** The end of its path: `virtualhost.fqdn`; `[]` stands for the entries of a list. */
  readonly path: string;
  /** Undefined: of every kind that has it. */
  readonly kind?: string;
  readonly adds: Readonly<Record<string, unknown>>;
}

const LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
/** A namespace, a slash and a name. */
const SECRET = { pattern: `^(${LABEL}/)?${SUBDOMAIN}$`, minLength: 1, maxLength: 317 };
const DURATION = "(\\d+(\\.\\d+)?(ns|us|µs|ms|s|m|h))+";

/** Texts that occur in many places, by the schema that reads them. */
export const TEXT_RULES: readonly (readonly [schema: z.ZodType, adds: Readonly<Record<string, unknown>>])[] = [
  [someText, { minLength: 1 }],
  [goDuration, { pattern: `^(0|${DURATION})$` }],
  [goDurationOrInfinity, { pattern: `^(0|${DURATION}|infinity|infinite)$` }],
  [secretReference, SECRET],
  // What is empty is read as absent, where the server of somebody else's definition took it.
  [secretReferenceOrEmpty, SECRET],
];

const name = { pattern: `^${SUBDOMAIN}$`, minLength: 1, maxLength: 253 };
const namespace = { pattern: `^${LABEL}$`, maxLength: 63 };
const slashFirst = { pattern: "^/" };
const token = { pattern: "^[a-zA-Z0-9!#$%&'*+.^_`|~-]+$" };
const cookieText = { minLength: 1, maxLength: 4096 };

type Rule = readonly [cel: string, message: string];

const SUBJECT_NAMES = valid([
  "!has(self.subjectNames) || self.subjectNames[0] == self.subjectName",
  "subjectNames begins with subjectName",
]);
const ONE_FORM = valid([
  // In a loop it would be more than an API server allows for a definition.
  `${["exact", "prefix", "suffix", "contains"].map((form) => `(has(self.${form}) ? 1 : 0)`).join(" + ")} == 1`,
  "expected exactly one of exact, prefix, suffix, contains",
]);
const NOT_BOTH: Rule = [
  "!has(self.delegate) || !has(self.services) || size(self.services) == 0",
  "found both services and delegate, expected one of them",
];
const NEITHER = "found neither services nor delegate, expected one of them";

function sends(self: string): string {
  return `has(${self}.delegate) || (has(${self}.services) && size(${self}.services) > 0)`;
}

/** Rules over several fields, in CEL. */
function valid(...rules: readonly Rule[]): Readonly<Record<string, unknown>> {
  return { "x-kubernetes-validations": rules.map(([rule, message]) => ({ rule, message })) };
}

export const FIELD_RULES: readonly FieldRule[] = [
  { path: "spec.ingressClassName", adds: name },
  { path: "virtualhost.fqdn", kind: "HTTPProxy", adds: { ...name, pattern: `^(\\*\\.)?${SUBDOMAIN}$` } },
  { path: "virtualhost.fqdn", kind: "IngressRoute", adds: name },
  { path: "includes[].namespace", adds: namespace },
  { path: "include.namespace", adds: namespace },
  { path: "tcpproxy.includes.namespace", adds: namespace },
  { path: "delegate.namespace", adds: namespace },
  { path: "routes[].match", adds: slashFirst },
  { path: "healthCheck.path", adds: slashFirst },
  { path: "requestRedirectPolicy.hostname", adds: name },
  { path: "requestRedirectPolicy.path", adds: slashFirst },
  { path: "requestRedirectPolicy.prefix", adds: slashFirst },
  { path: "cookieRewritePolicies[].name", adds: { ...cookieText, pattern: "^[!#$%&'*+\\-.0-9A-Z^_`a-z|~]+$" } },
  { path: "pathRewrite.value", adds: { ...cookieText, pattern: "^[^;\\x00-\\x1f\\x7f]+$" } },
  { path: "domainRewrite.value", adds: name },
  { path: "allowMethods[]", adds: token },
  { path: "allowHeaders[]", adds: token },
  { path: "exposeHeaders[]", adds: token },
  { path: "slowStartPolicy.aggression", adds: { pattern: "^([0-9]+([.][0-9]+)?|[.][0-9]+)$" } },
  { path: "validation.subjectName", adds: { minLength: 1, maxLength: 250 } },
  { path: "validation.subjectNames[]", adds: { minLength: 1 } },
  { path: "validation", kind: "HTTPProxy", adds: SUBJECT_NAMES },
  { path: "validation", kind: "ExtensionService", adds: SUBJECT_NAMES },
  {
    path: "virtualhost.authorization",
    adds: valid([
      "!has(self.httpSettings) || (has(self.serviceType) && self.serviceType == 'http')",
      "httpSettings is only for a serviceType of http",
    ]),
  },
  { path: "httpSettings.allowedAuthorizationHeaders[]", adds: ONE_FORM },
  { path: "httpSettings.allowedUpstreamHeaders[]", adds: ONE_FORM },
  {
    path: "jwtProviders[]",
    adds: valid(["has(self.remoteJWKS) != has(self.localJWKS)", "expected exactly one of remoteJWKS and localJWKS"]),
  },
  {
    path: "spec.routes[]",
    kind: "IngressRoute",
    adds: valid(NOT_BOTH, [
      "!has(self.enableWebsockets) || !self.enableWebsockets || !has(self.services) || size(self.services) < 2",
      "WebSockets go to one service",
    ]),
  },
  { path: "spec.tcpproxy", kind: "IngressRoute", adds: valid(NOT_BOTH, [sends("self"), NEITHER]) },
  {
    path: "spec",
    kind: "IngressRoute",
    // Beside a tcpproxy Contour asked for a route that does nothing.
    adds: valid([
      `has(self.tcpproxy) || !has(self.routes) || self.routes.all(r, ${sends("r")})`,
      `a route: ${NEITHER}`,
    ]),
  },
];
