import { quote } from "#lib/describe-value.ts";
import type { ProxyRoute } from "#resources/httpproxy.ts";
import type { IrLoadBalancing } from "../ir.ts";
import type { IrHash } from "../ir-route.ts";
import { isHeaderName } from "./header-conditions.ts";

type Policy = NonNullable<ProxyRoute["loadBalancerPolicy"]>;

/** How endpoints are chosen. */
export interface LoadBalancing {
  /** Undefined: round robin. */
  readonly policy: IrLoadBalancing | undefined;
  readonly hash: readonly IrHash[];
  /** What is passed over, in words. */
  readonly ignored: readonly string[];
}

/** The name that Contour's cookie has. */
const AFFINITY_COOKIE = "X-Contour-Session-Affinity";

const ROUND_ROBIN: LoadBalancing = { policy: undefined, hash: [], ignored: [] };

export function loadBalancing(policy: Policy | undefined): LoadBalancing {
  switch (policy?.strategy ?? "") {
    case "":
    case "RoundRobin":
      return ROUND_ROBIN;
    case "WeightedLeastRequest":
      return { ...ROUND_ROBIN, policy: "leastRequest" };
    case "Random":
      return { ...ROUND_ROBIN, policy: "random" };
    case "Cookie":
      return { ...ROUND_ROBIN, policy: "ringHash", hash: [{ source: "cookie", name: AFFINITY_COOKIE }] };
    case "RequestHash":
      return requestHash(policy?.requestHashPolicies ?? []);
    default:
      return { ...ROUND_ROBIN, ignored: [`strategy ${policy?.strategy ?? ""} is none, so it is RoundRobin`] };
  }
}

function requestHash(policies: Policy["requestHashPolicies"]): LoadBalancing {
  const hash: IrHash[] = [];
  const ignored: string[] = [];
  const seen = new Set<string>();
  for (const [index, entry] of policies.entries()) {
    const { headerHashOptions: header, queryParameterHashOptions: query, hashSourceIP, terminal } = entry;
    const given: IrHash[] = [
      ...(header === undefined ? [] : [{ source: "header" as const, name: header.headerName.toLowerCase() }]),
      ...(query === undefined ? [] : [{ source: "query" as const, name: query.parameterName }]),
      ...(hashSourceIP === true ? [{ source: "address" as const }] : []),
    ];
    const [source] = given;
    const where = `requestHashPolicies[${index}]`;
    if (source === undefined || given.length > 1) {
      ignored.push(
        `${where} names ${given.length === 0 ? "nothing" : "more than one thing"} to hash, so it is passed over`,
      );
    } else if (source.source === "header" && !isHeaderName(source.name)) {
      ignored.push(`${where} names ${quote(source.name)}, which is no name of a header, so it is passed over`);
    } else if (seen.has(JSON.stringify(source))) {
      ignored.push(`${where} repeats another one, so it is passed over`);
    } else {
      seen.add(JSON.stringify(source));
      hash.push(terminal === true ? { ...source, terminal } : source);
    }
  }
  if (hash.length > 0) return { policy: "ringHash", hash, ignored };
  return { ...ROUND_ROBIN, ignored: [...ignored, "nothing is left to hash, so it is RoundRobin"] };
}
