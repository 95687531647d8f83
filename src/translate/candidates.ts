import { isIP } from "node:net";
import { compareText } from "#lib/compare.ts";
import { type AddressFamily, nameLookup } from "#lib/name-lookup.ts";
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
  /** The addresses that count of a name. */
  readonly family?: AddressFamily;
  /** The object that says so, and the field for verdicts. */
  readonly ref: ObjectRef;
  readonly path: string;
}

export interface SettledEndpoints {
  /** Sorted by address and port, each once. Undefined: nothing is known yet but names that DNS has still to answer. */
  readonly endpoints: readonly IrEndpoint[] | undefined;
  /** The names among the hosts, as DNS is asked for them (`nameLookup`), sorted. */
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
  const judge = ({ ref, path }: Candidate, verdict: Omit<Verdict, "ref" | "path">): void => {
    verdicts.set(JSON.stringify([ref, verdict.message]), { ref, path, ...verdict });
  };
  const add = (candidate: Candidate, written: string): void => {
    const { host, port } = candidate;
    const address = canonicalAddress(written);
    if (isRefusedAddress(address, port, settings)) {
      judge(
        candidate,
        localAddress(host === written ? `${host} is an address` : `${host} has the address ${written}`, port),
      );
      return;
    }
    const key = `${address} ${port}`;
    if (standing.get(key)?.health !== "healthy") standing.set(key, endpointOf(candidate, address));
  };
  for (const candidate of candidates) {
    const { host, port } = candidate;
    if (isIP(host) !== 0) {
      add(candidate, host);
      continue;
    }
    const refused = refusedHost(host, port, settings);
    if (refused !== undefined) {
      judge(candidate, { severity: "error", ...refused, message: `${host} ${refused.message}` });
      continue;
    }
    const lookup = nameLookup(host, candidate.family);
    names.add(lookup);
    const { addresses, failure } = read.name(lookup) ?? {};
    if (failure !== undefined) judge(candidate, unresolved(host, failure, addresses !== undefined));
    else if (addresses === undefined) isPending = true;
    else if (addresses.length === 0) judge(candidate, noAddresses(host, candidate.family));
    for (const address of addresses ?? []) add(candidate, address);
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

function endpointOf({ port, health, zone, weight, priority, of }: Candidate, address: string): IrEndpoint {
  // Most have none of them: a spread of nothing costs as much as one of something.
  if (weight === undefined && priority === undefined && of === undefined) return { address, port, health, zone };
  return {
    address,
    port,
    health,
    zone,
    ...(weight === undefined ? {} : { weight }),
    ...(priority === undefined ? {} : { priority }),
    ...(of === undefined ? {} : { of }),
  };
}

/** The last priority that Envoy takes (LocalityLbEndpoints.priority). */
const LAST_RANK = 128;

/** Priorities as Envoy wants them: from 0 on, and none left out (LocalityLbEndpoints.priority). */
function withRanks(endpoints: readonly IrEndpoint[]): IrEndpoint[] {
  if (endpoints.every(({ priority }) => priority === undefined)) return [...endpoints];
  const ranks = [...new Set(endpoints.map(({ priority = 0 }) => priority))].sort((a, b) => a - b);
  return endpoints.map(({ priority = 0, ...rest }) => {
    const rank = Math.min(ranks.indexOf(priority), LAST_RANK);
    return rank === 0 ? rest : { ...rest, priority: rank };
  });
}

function localAddress(words: string, port: number): Omit<Verdict, "ref" | "path"> {
  return {
    severity: "error",
    reason: "LocalAddressRefused",
    message: `${words} of this machine, so it is not used as an upstream`,
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

function noAddresses(host: string, family: AddressFamily | undefined): Omit<Verdict, "ref" | "path"> {
  return {
    severity: "warning",
    reason: "NameWithoutAddresses",
    message: `${host} has no ${family === undefined ? "" : `IP${family} `}addresses in DNS`,
    fix:
      family === undefined
        ? "correct the name, or its zone"
        : "correct the name or its zone, or take addresses of both families",
  };
}
