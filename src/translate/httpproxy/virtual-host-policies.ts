import type { ProxyVirtualHost } from "#resources/httpproxy.ts";
import type { ObjectRef } from "#resources/ref.ts";
import type { IrPolicies } from "../ir-policies.ts";
import type { Need, Reader, UnitId } from "../unit.ts";
import { type HostAuthorization, hostAuthorization } from "./authorization.ts";
import { cors } from "./cors.ts";
import { globalRateLimit, NO_RATE_LIMIT_SERVICE } from "./global-rate-limit.ts";
import { ipFilter } from "./ip-filter.ts";
import type { ProxyProblem, ProxyProblems } from "./proxy-problems.ts";
import { localRateLimit } from "./rate-limit.ts";

/** What a root asks for all routes of its host. */
export interface VirtualHostPolicies {
  readonly policies: IrPolicies;
  readonly authorization: HostAuthorization | undefined;
  /** What protects the host is wrong, and nobody may pass. */
  readonly closed: boolean;
  readonly needs: readonly Need[];
}

export function virtualHostPolicies(
  ref: ObjectRef,
  virtualhost: ProxyVirtualHost,
  read: Reader,
  hasRateLimitService: boolean,
  problems: ProxyProblems,
): VirtualHostPolicies {
  const reader = new PolicyReader(ref, virtualhost, problems);
  const authorization = reader.authorization(read);
  const policies: IrPolicies = {
    ...reader.cors(),
    ...reader.ipFilter(),
    ...reader.localRateLimit(),
    ...reader.globalRateLimit(hasRateLimitService),
    ...(authorization?.authorization.byDefault === true ? { authorization: authorization.authorization.policy } : {}),
  };
  return {
    policies,
    authorization: authorization?.authorization,
    closed: reader.closed,
    needs: authorization === undefined ? [] : [authorization.unit],
  };
}

class PolicyReader {
  closed = false;
  readonly #ref: ObjectRef;
  readonly #host: ProxyVirtualHost;
  readonly #problems: ProxyProblems;

  constructor(ref: ObjectRef, host: ProxyVirtualHost, problems: ProxyProblems) {
    this.#ref = ref;
    this.#host = host;
    this.#problems = problems;
  }

  authorization(read: Reader): { authorization: HostAuthorization; unit: UnitId } | undefined {
    const { authorization: policy } = this.#host;
    if (policy === undefined) return undefined;
    const found = hostAuthorization(policy, this.#ref.namespace, read);
    if ("problem" in found) {
      const { reason, field, problem, fix } = found;
      this.#close({ type: "AuthError", reason, path: `authorization.${field}`, message: problem, fix });
      return undefined;
    }
    for (const message of found.ignored) {
      const path = "spec.virtualhost.authorization.extensionRef";
      this.#problems.warn(this.#ref, { type: "AuthError", reason: "IgnoredField", path, message });
    }
    return found;
  }

  /** Without a policy that makes sense no other origin may read: that is how browsers are. */
  cors(): Pick<IrPolicies, "cors"> {
    const { corsPolicy } = this.#host;
    if (corsPolicy === undefined) return {};
    const found = cors(corsPolicy);
    if ("cors" in found) return found;
    const message = `${found.problem}, so no other origin may read answers`;
    const path = "spec.virtualhost.corsPolicy.allowOrigin";
    this.#problems.error(this.#ref, { type: "CORSError", reason: "PolicyDidNotParse", path, message });
    return {};
  }

  ipFilter(): Pick<IrPolicies, "ipFilter"> {
    const found = ipFilter(this.#host);
    if ("filter" in found) return found.filter === undefined ? {} : { ipFilter: found.filter };
    this.#close({ type: "IPFilterError", reason: found.reason, path: found.field, message: found.problem });
    return {};
  }

  localRateLimit(): Pick<IrPolicies, "localRateLimit"> {
    const found = localRateLimit(this.#host.rateLimitPolicy?.local);
    if ("limit" in found) return found.limit === undefined ? {} : { localRateLimit: found.limit };
    const path = "rateLimitPolicy.local";
    this.#close({ type: "VirtualHostError", reason: "RateLimitPolicyNotValid", path, message: found.problem });
    return {};
  }

  globalRateLimit(hasService: boolean): Pick<IrPolicies, "rateLimit"> {
    const found = globalRateLimit(this.#host.rateLimitPolicy?.global);
    const path = "rateLimitPolicy.global";
    if ("problem" in found) {
      this.#close({ type: "VirtualHostError", reason: "RateLimitPolicyNotValid", path, message: found.problem });
      return {};
    }
    if (found.limit === undefined) return {};
    if (!hasService) this.#problems.warn(this.#ref, { ...NO_RATE_LIMIT_SERVICE, path: `spec.virtualhost.${path}` });
    return { rateLimit: found.limit };
  }

  #close(problem: ProxyProblem): void {
    this.closed = true;
    const path = `spec.virtualhost.${problem.path}`;
    const message = `${problem.message}, so every route of the host answers 503`;
    this.#problems.error(this.#ref, { ...problem, path, message });
  }
}
