import type { ProxyVirtualHost } from "#resources/httpproxy.ts";
import type { ObjectRef } from "#resources/ref.ts";
import type { IrPolicies } from "../ir-policies.ts";
import { cors } from "./cors.ts";
import { ipFilter } from "./ip-filter.ts";
import type { ProxyProblems } from "./proxy-problems.ts";
import { localRateLimit } from "./rate-limit.ts";

/** What a root asks for all routes of its host. `closed`: what protects it is wrong, and nobody may pass. */
export function virtualHostPolicies(
  ref: ObjectRef,
  virtualhost: ProxyVirtualHost,
  problems: ProxyProblems,
): { readonly policies: IrPolicies; readonly closed: boolean } {
  let policies: IrPolicies = {};
  let closed = false;
  const { corsPolicy, rateLimitPolicy } = virtualhost;
  const found = corsPolicy === undefined ? undefined : cors(corsPolicy);
  if (found !== undefined && "problem" in found) {
    const message = `${found.problem}, so no other origin may read answers`;
    const path = "spec.virtualhost.corsPolicy.allowOrigin";
    problems.error(ref, { type: "CORSError", reason: "PolicyDidNotParse", path, message });
  } else if (found !== undefined) policies = { ...policies, cors: found.cors };
  const filter = ipFilter(virtualhost);
  if ("problem" in filter) {
    const message = `${filter.problem}, so every route of the host answers 503`;
    const path = `spec.virtualhost.${filter.field}`;
    problems.error(ref, { type: "IPFilterError", reason: filter.reason, path, message });
    closed = true;
  } else if (filter.filter !== undefined) policies = { ...policies, ipFilter: filter.filter };
  const limit = localRateLimit(rateLimitPolicy?.local);
  if ("problem" in limit) {
    const message = `${limit.problem}, so every route of the host answers 503`;
    const path = "spec.virtualhost.rateLimitPolicy.local";
    problems.error(ref, { type: "VirtualHostError", reason: "RateLimitPolicyNotValid", path, message });
    closed = true;
  } else if (limit.limit !== undefined) policies = { ...policies, localRateLimit: limit.limit };
  return { policies, closed };
}
