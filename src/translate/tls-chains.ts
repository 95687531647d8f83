import { fallbackFact, standardHostFacts } from "./fallback.ts";
import type { SecureAnswers } from "./host-answers.ts";
import { ANY_HOST, FALLBACK_TABLE, HTTPS_TABLE } from "./ir.ts";
import type { IrTlsChain } from "./ir-listener.ts";
import type { TranslateSettings } from "./settings.ts";
import type { Fact, Reader } from "./unit.ts";

/** Topic: which server names have a TLS chain of their own, as `<route table> <host>`. */
export const CHAINS = "tls-chains";
/** Topic: route tables that have a virtual host for {@link ANY_HOST}. */
export const CATCH_ALL_TABLES = "catch-all-tables";

/** What stands for a route table where a host's connections are not read as requests. */
export function tcpTable(host: string): string {
  return `${HTTPS_TABLE}-tcp-${host}`;
}

/** What a table's name does not tell of its chain: said by the one host that is served there. */
export type ChainDetail = Pick<IrTlsChain, "policy" | "tcp" | "jwt">;

export function chainFact(table: string, detail: ChainDetail): Fact {
  return { topic: chainTopic(table), value: JSON.stringify(detail) };
}

export function chainDetail(table: string, read: Reader): ChainDetail | undefined {
  const [said] = read.facts(chainTopic(table));
  return said === undefined ? undefined : (JSON.parse(said) as ChainDetail);
}

function chainTopic(table: string): string {
  return `chain ${table}`;
}

export interface TlsPlace {
  readonly facts: readonly Fact[];
  /** Route tables of other chains on whose connections the host must not be answered by a wildcard or the catch-all there. */
  readonly strangeTables: readonly string[];
}

/**
 * What the other hosts need to know of a host that is served over TLS from `table`. Its server name is named in a chain when
 * another chain would take its handshakes: its own policy tells it apart from the rest, or a wildcard above it has one.
 */
export function tlsPlace(
  host: string,
  { table, fallback }: Pick<SecureAnswers, "table" | "fallback">,
  settings: TranslateSettings,
  read: Reader,
): TlsPlace {
  const above = wildcardsAbove(host).flatMap((wildcard) => read.facts(ownChain(wildcard)));
  const facts: Fact[] = [];
  if (table !== HTTPS_TABLE || above.some((other) => other !== FALLBACK_TABLE))
    facts.push({ topic: CHAINS, value: `${table} ${host}` });
  else if (host !== ANY_HOST) facts.push(...standardHostFacts(host, settings));
  if (table !== HTTPS_TABLE && host.startsWith("*.")) facts.push({ topic: ownChain(host), value: table });
  if (host === ANY_HOST) facts.push({ topic: CATCH_ALL_TABLES, value: table });
  if (fallback) facts.push(fallbackFact(host));
  if (fallback && host.startsWith("*.")) facts.push({ topic: ownChain(host), value: FALLBACK_TABLE });
  const own = new Set([table, ...(fallback ? [FALLBACK_TABLE] : [])]);
  return { facts, strangeTables: [...new Set([HTTPS_TABLE, ...above])].filter((other) => !own.has(other)) };
}

export function splitChainFact(value: string): { table: string; host: string } {
  const [table = "", host = ""] = value.split(" ");
  return { table, host };
}

/** Topic of the route tables of one wildcard that has a chain of its own, or is served on the fallback's: only the hosts below it ask. */
function ownChain(wildcard: string): string {
  return `own-chain ${wildcard}`;
}

/** `*.b.example`, `*.example` for `a.b.example`: a server name or a domain with `*.` covers any depth in Envoy. */
function wildcardsAbove(host: string): readonly string[] {
  const labels = host.split(".");
  return labels
    .slice(1)
    .map((_, index) => `*.${labels.slice(index + 1).join(".")}`)
    .filter((name) => name !== host);
}
