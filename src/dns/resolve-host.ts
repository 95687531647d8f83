import type { DnsClient } from "./dns-client.ts";
import { readHosts } from "./hosts-file.ts";
import type { DnsAnswer } from "./message.ts";

export interface ResolvedHost {
  readonly addresses: readonly string[];
  /** Seconds. */
  readonly ttl: number;
}

/**
 * The addresses of a host as a machine takes them: its hosts file first, then DNS; IPv6 where there is no IPv4. No addresses is an
 * answer. Throws DnsError where there is none.
 */
export async function resolveHost(
  client: Pick<DnsClient, "ask">,
  host: string,
  signal: AbortSignal,
  hosts: () => Promise<ReadonlyMap<string, readonly string[]>> = readHosts,
): Promise<ResolvedHost> {
  const written = (await hosts()).get(host.toLowerCase());
  // The file may change at any time, which costs nothing to see.
  if (written !== undefined) return { addresses: preferred(written), ttl: 0 };
  const first = await client.ask({ name: host, type: "A" }, signal);
  if (first.records.length > 0) return { addresses: addressesOf(first), ttl: first.ttl };
  const second = await client.ask({ name: host, type: "AAAA" }, signal);
  return {
    addresses: addressesOf(second),
    ttl: second.records.length > 0 ? second.ttl : Math.min(first.ttl, second.ttl),
  };
}

function addressesOf({ records }: DnsAnswer): readonly string[] {
  return records.flatMap((record) => ("address" in record ? [record.address] : []));
}

function preferred(addresses: readonly string[]): readonly string[] {
  const four = addresses.filter((address) => !address.includes(":"));
  return four.length > 0 ? four : addresses;
}
