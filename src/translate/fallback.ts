import { FALLBACK_CERTIFICATE, FALLBACK_TABLE } from "./ir.ts";
import type { IrTlsChain, TlsPolicy } from "./ir-listener.ts";
import { servedPair } from "./served-pair.ts";
import type { TranslateSettings } from "./settings.ts";
import type { Fact, Reader, UnitItem } from "./unit.ts";

/** Topic: the hosts that are served to clients which name no host here. */
const FALLBACK_HOSTS = "fallback-hosts";
/**
 * Topic: the hosts of the standard chain, where the appliance has a fallback certificate. It is read only while a host uses that:
 * who names no host here can be told from the others by these names alone.
 */
const STANDARD_HOSTS = "standard-hosts";

export function fallbackFact(host: string): Fact {
  return { topic: FALLBACK_HOSTS, value: host };
}

export function standardHostFacts(host: string, settings: TranslateSettings): readonly Fact[] {
  return settings.fallbackCertificate === undefined ? [] : [{ topic: STANDARD_HOSTS, value: host }];
}

/** Whether some host is served with the fallback certificate. */
export function usesFallback(read: Reader): boolean {
  return read.facts(FALLBACK_HOSTS).length > 0;
}

/** The standard chain, which takes every handshake that no other takes, or the two that share these. */
export function standardChains(standard: IrTlsChain, policy: TlsPolicy, read: Reader): readonly IrTlsChain[] {
  if (!usesFallback(read)) return [standard];
  const serverNames = read.facts(STANDARD_HOSTS);
  return [
    ...(serverNames.length === 0 ? [] : [{ ...standard, serverNames }]),
    {
      name: FALLBACK_TABLE,
      serverNames: [],
      policy,
      routeTable: FALLBACK_TABLE,
      certificate: FALLBACK_CERTIFICATE,
    },
  ];
}

/** The fallback certificate, while some host is served with it: then its Secret is there, and good, or its last pair is kept. */
export function fallbackItems({ fallbackCertificate }: TranslateSettings, read: Reader): readonly UnitItem[] {
  if (fallbackCertificate === undefined || !usesFallback(read)) return [];
  const { pair } = servedPair(fallbackCertificate.namespace, fallbackCertificate.name, read);
  if (pair === undefined) return [];
  return [{ item: { type: "certificate", name: FALLBACK_CERTIFICATE, ...pair }, from: [pair.secret] }];
}
