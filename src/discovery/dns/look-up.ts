import type { DnsClient } from "#dns/dns-client.ts";
import type { DnsAnswer, DnsQuestion } from "#dns/message.ts";
import { compareText } from "#lib/compare.ts";
import type { DnsService, FoundHost, Lookup } from "./translate.ts";

/** What is asked of a host. */
export type AddressType = "A" | "AAAA";

/** Asks for everything that a service's names lead to. Throws DnsError where one of the answers is missing: half is none. */
export async function lookUp(
  client: Pick<DnsClient, "ask">,
  { names }: DnsService,
  types: readonly AddressType[],
  signal: AbortSignal,
): Promise<Lookup> {
  const ask = (question: DnsQuestion): Promise<DnsAnswer> => client.ask(question, signal);
  if ("hosts" in names) {
    const hosts = await Promise.all(names.hosts.map((host) => addressesOf(host, types, ask)));
    return { found: hosts.map(({ host }) => host), ttl: Math.min(...hosts.map(({ ttl }) => ttl)) };
  }
  const { records, ttl } = await ask({ name: names.srv, type: "SRV" });
  // A target of "." says that there decidedly is no such service (RFC 2782).
  const services = records.flatMap((record) => (record.type === "SRV" && !/^\.?$/.test(record.target) ? [record] : []));
  const hosts = await Promise.all(
    services.map(async ({ target, port, priority, weight }) => {
      const { host, ttl: lifetime } = await addressesOf(target, types, ask);
      return { host: { ...host, srv: { port, priority, weight } }, ttl: lifetime };
    }),
  );
  return {
    found: hosts.map(({ host }) => host).sort((a, b) => compareText(a.host, b.host) || a.srv.port - b.srv.port),
    ttl: Math.min(ttl, ...hosts.map((host) => host.ttl)),
  };
}

async function addressesOf(
  host: string,
  types: readonly AddressType[],
  ask: (question: DnsQuestion) => Promise<DnsAnswer>,
): Promise<{ readonly host: FoundHost; readonly ttl: number }> {
  const answers = await Promise.all(types.map((type) => ask({ name: host, type })));
  const addresses = answers.flatMap(({ records }) =>
    records.flatMap((record) => ("address" in record ? [record.address] : [])),
  );
  // A host of one family alone has no records of the other, and how long that holds is no age of what it has.
  const telling = answers.filter(({ records }) => records.length > 0);
  const ttl = Math.min(...(telling.length === 0 ? answers : telling).map((answer) => answer.ttl));
  return { host: { host, addresses: addresses.sort(compareText), exists: answers.some(({ exists }) => exists) }, ttl };
}
