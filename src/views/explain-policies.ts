import type { IrJwtRequirement } from "#translate/ir-jwt.ts";
import type {
  IrAuthorization,
  IrCors,
  IrIpFilter,
  IrLocalRateLimit,
  IrPolicies,
  IrRateLimit,
} from "#translate/ir-policies.ts";

/** What the policies of a route do to a request before it is routed, in the order of Envoy's filters. */
export function policyWords(policies: IrPolicies, cluster: (name: string) => string): string[] {
  const { cors, ipFilter, jwt, authorization, localRateLimit, rateLimit } = policies;
  return [
    ...one(cors, corsWords),
    ...one(ipFilter, addressWords),
    ...one(jwt, tokenWords),
    ...one(authorization, (policy) => authorizationWords(policy, cluster)),
    ...one(localRateLimit, localLimitWords),
    ...one(rateLimit, globalLimitWords),
    ...Object.keys(policies)
      .filter((name) => !KNOWN.has(name))
      .map((name) => `${name} applies`),
  ];
}

/** Cookies are rewritten in answers. */
const KNOWN: ReadonlySet<string> = new Set<keyof IrPolicies>([
  "cors",
  "ipFilter",
  "jwt",
  "authorization",
  "localRateLimit",
  "rateLimit",
  "cookies",
]);

function one<T extends object>(policy: T | "off" | undefined, words: (policy: T) => string): string[] {
  return policy === undefined || policy === "off" ? [] : [words(policy)];
}

function corsWords({ origins, methods }: IrCors): string {
  const from = origins.map(({ type, value }) => (type === "any" ? "any origin" : value)).join(", ");
  return `CORS: pages of ${from} may ask${methods.length === 0 ? "" : ` with ${methods.join(", ")}`}; Envoy answers preflights`;
}

function addressWords({ type, ranges }: IrIpFilter): string {
  const words = ranges.map(({ source, address, prefixLength }) => `${address}/${prefixLength} (${source})`).join(", ");
  return type === "allow" ? `only from ${words}; others get 403` : `not from ${words}: they get 403`;
}

function tokenWords({ provider }: IrJwtRequirement): string {
  return `only with a good token of JWT provider ${provider}; others get 401, one for another audience 403`;
}

function authorizationWords(
  { cluster: name, service, timeout, failOpen }: IrAuthorization,
  cluster: (name: string) => string,
): string {
  const otherwise = failOpen ? "lets it pass" : "refuses it";
  return `${cluster(name)} is asked by ${service.protocol === "grpc" ? "gRPC" : "HTTP"} whether it may pass; no answer within ${timeout} ms ${otherwise}`;
}

function localLimitWords({ burst, fill, interval, status }: IrLocalRateLimit): string {
  return `at most ${fill} requests in ${interval / 1000} s at each Envoy, ${burst} in a row; more get ${status}`;
}

function globalLimitWords({ descriptors }: IrRateLimit): string {
  return `the rate-limit service is asked about ${descriptors.length} ${descriptors.length === 1 ? "limit" : "limits"}`;
}
