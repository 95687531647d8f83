import { isIPv6 } from "node:net";
import { type AddressFamily, readNameLookup } from "#lib/name-lookup.ts";
import type { DnsClient } from "./dns-client.ts";
import { readHosts } from "./hosts-file.ts";
import type { DnsAnswer } from "./message.ts";

export interface ResolvedHost {
  readonly addresses: readonly string[];
  /** Seconds. */
  readonly ttl: number;
}

/**
 * The addresses of a host as a machine takes them: its hosts file first, then DNS; IPv6 where there is no IPv4, or those of one
 * family, of which a file that has the other alone says nothing. No addresses is an answer. Throws DnsError where there is none.
 *
 * @param lookup as `nameLookup` writes it
 */
export async function resolveHost(
  client: Pick<DnsClient, "ask">,
  lookup: string,
  signal: AbortSignal,
  hosts: () => Promise<ReadonlyMap<string, readonly string[]>> = readHosts,
): Promise<ResolvedHost> {
  const { host, family } = readNameLookup(lookup);
  const written = ofFamily((await hosts()).get(host.toLowerCase()) ?? [], family);
  // The file may change at any time, which costs nothing to see.
  if (written.length > 0) return { addresses: written, ttl: 0 };
  let ttl = Infinity;
  for (const type of RECORDS[family ?? "any"]) {
    const answer = await client.ask({ name: host, type }, signal);
    if (answer.records.length > 0) return { addresses: addressesOf(answer), ttl: answer.ttl };
    ttl = Math.min(ttl, answer.ttl);
  }
  return { addresses: [], ttl };
}

/** Asked in this order, until one of them has something. */
const RECORDS = { any: ["A", "AAAA"], v4: ["A"], v6: ["AAAA"] } as const;

function addressesOf({ records }: DnsAnswer): readonly string[] {
  return records.flatMap((record) => ("address" in record ? [record.address] : []));
}

function ofFamily(addresses: readonly string[], family: AddressFamily | undefined): readonly string[] {
  const { four = [], six = [] } = Object.groupBy(addresses, (address) => (isIPv6(address) ? "six" : "four"));
  if (family === undefined) return four.length > 0 ? four : six;
  return family === "v4" ? four : six;
}
