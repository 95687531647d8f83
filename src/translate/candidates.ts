import { isIP } from "node:net";
import { compareText } from "#lib/compare.ts";
import type { ObjectRef } from "#resources/ref.ts";
import type { IrEndpoint } from "./ir.ts";
import { canonicalAddress, isRefusedAddress, refusedHost } from "./local-address.ts";
import type { UpstreamSettings } from "./settings.ts";
import type { Reader } from "./unit.ts";
import type { Verdict } from "./verdict.ts";

/** An endpoint as an object says it, before it is known whether it may be one. */
export interface Candidate extends Omit<IrEndpoint, "address"> {
  /** An IP address, or a DNS name. */
  readonly host: string;
  /** The object that says so, and the field for verdicts. */
  readonly ref: ObjectRef;
  readonly path: string;
}

export interface SettledEndpoints {
  /** Sorted by address and port, each once. Undefined: nothing is known yet but names that DNS has still to answer. */
  readonly endpoints: readonly IrEndpoint[] | undefined;
  /** The names among the hosts, sorted: DNS is asked for them. */
  readonly names: readonly string[];
  readonly verdicts: readonly Verdict[];
}

/** Looks names up, leaves out what may not be an upstream, and says so. */
export function settleEndpoints(
  candidates: readonly Candidate[],
  settings: UpstreamSettings,
  read: Pick<Reader, "name">,
): SettledEndpoints {
  const verdicts = new Map<string, Verdict>();
  const standing = new Map<string, IrEndpoint>();
  const names = new Set<string>();
  let isPending = false;
  for (const { host, ref, path, ...rest } of candidates) {
    const judge = (verdict: Omit<Verdict, "ref" | "path">): void => {
      verdicts.set(JSON.stringify([ref, verdict.message]), { ref, path, ...verdict });
    };
    const add = (address: string, refusal: string): void => {
      const endpoint = { address: canonicalAddress(address), ...rest };
      const key = `${endpoint.address} ${endpoint.port}`;
      if (isRefusedAddress(endpoint.address, endpoint.port, settings)) judge(localAddress(refusal, endpoint.port));
      else if (standing.get(key)?.health !== "healthy") standing.set(key, endpoint);
    };
    if (isIP(host) !== 0) {
      add(host, `${host} is an address of this machine`);
      continue;
    }
    const refused = refusedHost(host, rest.port, settings);
    if (refused !== undefined) {
      judge({ severity: "error", ...refused, message: `${host} ${refused.message}` });
      continue;
    }
    names.add(host);
    const { addresses, failure } = read.name(host) ?? {};
    if (failure !== undefined) judge(unresolved(host, failure, addresses !== undefined));
    else if (addresses === undefined) isPending = true;
    else if (addresses.length === 0) judge(noAddresses(host));
    for (const address of addresses ?? []) add(address, `${host} has the address ${address} of this machine`);
  }
  return {
    endpoints:
      isPending && standing.size === 0
        ? undefined
        : withRanks([...standing.values()]).sort((a, b) => compareText(a.address, b.address) || a.port - b.port),
    names: [...names].sort(compareText),
    verdicts: [...verdicts.values()],
  };
}

/** Priorities as Envoy wants them: from 0 on, and none left out (LocalityLbEndpoints.priority). */
function withRanks(endpoints: readonly IrEndpoint[]): IrEndpoint[] {
  const ranks = [...new Set(endpoints.map(({ priority = 0 }) => priority))].sort((a, b) => a - b);
  return endpoints.map(({ priority = 0, ...rest }) => {
    const rank = ranks.indexOf(priority);
    return rank === 0 ? rest : { ...rest, priority: rank };
  });
}

function localAddress(words: string, port: number): Omit<Verdict, "ref" | "path"> {
  return {
    severity: "error",
    reason: "LocalAddressRefused",
    message: `${words}, so it is not used as an upstream`,
    fix: `if it is meant, add port ${port} to upstreams.allowLocal in binnacle.yaml`,
  };
}

function unresolved(host: string, failure: string, hasLast: boolean): Omit<Verdict, "ref" | "path"> {
  return {
    severity: hasLast ? "warning" : "error",
    reason: "NameNotResolved",
    message: `${host} cannot be resolved (${failure}), so ${hasLast ? "its last addresses go on" : "it has no addresses"}`,
    fix: "see whether its DNS server answers this machine",
  };
}

function noAddresses(host: string): Omit<Verdict, "ref" | "path"> {
  return {
    severity: "warning",
    reason: "NameWithoutAddresses",
    message: `${host} has no addresses in DNS`,
    fix: "correct the name, or its zone",
  };
}
