import { resolveServicePort, serviceRef } from "./backend.ts";
import { extensionCluster } from "./extension.ts";
import { fallbackItems, standardChains } from "./fallback.ts";
import { http3Chains, http3Items, http3Name } from "./http3.ts";
import { timeLimit } from "./httpproxy/times.ts";
import { HTTP_TABLE, HTTPS_TABLE, type IrItem } from "./ir.ts";
import type { IrListener, IrTlsChain } from "./ir-listener.ts";
import type { ListenerSettings, TranslateSettings } from "./settings.ts";
import { parsePolicyTable } from "./tls.ts";
import { CATCH_ALL_TABLES, chainDetail, CHAINS, splitChainFact } from "./tls-chains.ts";
import type { Reader, UnitBuilder, UnitResult } from "./unit.ts";
import type { Verdict } from "./verdict.ts";

/** Builds `listener:NAME`: a listener of the configuration. */
export function listenerBuilder(settings: TranslateSettings): UnitBuilder {
  return (name, read) => {
    const listener = settings.listeners.find((candidate) => candidate.name === name);
    if (listener === undefined) return undefined;
    switch (listener.protocol) {
      case "http":
        return withRateLimit(listener, { protocol: "http", routeTable: HTTP_TABLE }, settings, read);
      case "https":
        return httpsListeners(listener, settings, read);
      case "tcp":
      case "udp":
        return streamListener(listener, listener.protocol, read);
    }
  };
}

/** The listener of TCP, and where HTTP/3 is asked for that of UDP beside it. */
function httpsListeners(listener: ListenerSettings, settings: TranslateSettings, read: Reader): UnitResult {
  const tcp = withRateLimit(listener, { protocol: "https", chains: tlsChains(settings, read) }, settings, read);
  if (listener.http3 === undefined) return tcp;
  const chains = http3Chains(settings.tls, read);
  // Envoy takes no listener without a chain.
  if (chains.length === 0) return tcp;
  const udp = withRateLimit({ ...listener, name: http3Name(listener) }, { protocol: "http3", chains }, settings, read);
  return { ...tcp, items: [...tcp.items, ...udp.items] };
}

/** Builds `tables:`: the route tables, one for plain HTTP and one for each TLS chain, and what chains have beside them. */
export function tablesBuilder(settings: TranslateSettings): UnitBuilder {
  return (_key, read) => {
    const catchAll = read.facts(CATCH_ALL_TABLES);
    const protocols = new Set(settings.listeners.map(({ protocol }) => protocol));
    const items: IrItem[] = [];
    if (protocols.has("http")) items.push({ type: "routeTable", name: HTTP_TABLE, unserved: undefined });
    if (protocols.has("https")) {
      const chains = tlsChains(settings, read).filter(({ tcp }) => tcp === undefined);
      const tables = new Set(chains.map(({ routeTable }) => routeTable));
      for (const name of tables)
        items.push({ type: "routeTable", name, unserved: catchAll.includes(name) ? undefined : 421 });
    }
    const made = items.map((item) => ({ item, from: [] }));
    return {
      items: [...made, ...fallbackItems(settings, read), ...http3Items(settings, read)],
      verdicts: [],
      needs: [],
      facts: [],
    };
  };
}

/**
 * The chains of an HTTPS listener: those of hosts that need to be told apart by server name, and the one for all others.
 * The name of a chain is its table's, so that one more host in it changes the listener and nothing else.
 */
function tlsChains({ tls: standard }: TranslateSettings, read: Reader): readonly IrTlsChain[] {
  const named = Map.groupBy(read.facts(CHAINS).map(splitChainFact), ({ table }) => table);
  const chains = [...named].map(([table, hosts]): IrTlsChain => ({
    name: `${table} by name`,
    serverNames: hosts.map(({ host }) => host),
    ...(chainDetail(table, read) ?? { policy: parsePolicyTable(table) ?? standard }),
    routeTable: table,
  }));
  const rest: IrTlsChain = { name: HTTPS_TABLE, serverNames: [], policy: standard, routeTable: HTTPS_TABLE };
  return [...chains, ...standardChains(rest, standard, read)];
}

type HttpServes = Extract<IrListener["serves"], { readonly protocol: "http" | "https" | "http3" }>;

/** A service that is missing is asked in vain, and what happens then its setting says. */
function withRateLimit(
  listener: ListenerSettings,
  serves: HttpServes,
  { proxies: { rateLimit } }: TranslateSettings,
  read: Reader,
): UnitResult {
  if (rateLimit === undefined) return only(listener, serves);
  const { namespace, name, ...how } = rateLimit;
  const found = extensionCluster(namespace, name, read);
  if ("problem" in found) {
    const nobody = { cluster: "", authority: "", timeout: RATE_LIMIT_TIMEOUT, ...how };
    const message = `${found.problem}, so no global rate limit is asked for, and requests that have one are ${rateLimit.failOpen ? "let through" : "refused"}`;
    const fix = "create it, or correct routing.rateLimit in binnacle.yaml";
    const ref = { kind: "ExtensionService", namespace, name } as const;
    const verdict: Verdict = { ref, severity: "error", reason: "RateLimitServiceMissing", path: "", message, fix };
    return { ...only(listener, { ...serves, rateLimit: nobody }), verdicts: [verdict] };
  }
  const { cluster, authority, unit, object } = found;
  const limit = timeLimit(object.spec.timeoutPolicy?.response);
  const service = { cluster, authority, timeout: limit || RATE_LIMIT_TIMEOUT, ...how };
  return only(listener, { ...serves, rateLimit: service }, [unit]);
}

/** Every request with a limit waits for its answer. */
const RATE_LIMIT_TIMEOUT = 250;

function streamListener(listener: ListenerSettings, protocol: "tcp" | "udp", read: Reader): UnitResult {
  const { namespace = "", name = "", port = 0 } = listener.service ?? {};
  const resolved = resolveServicePort(namespace, name, port, protocol, read);
  if ("cluster" in resolved) return only(listener, { protocol, cluster: resolved.cluster }, [resolved.unit]);
  const { severity, reason } = resolved.problem;
  const message = `listener ${listener.name} forwards to port ${port} of this Service, which does not exist: connections are closed`;
  const fix = "create it, or correct the listener's service in binnacle.yaml";
  return {
    ...only(listener, { protocol, cluster: "" }),
    verdicts: [{ ref: serviceRef(namespace, name), severity, reason, path: "", message, fix }],
  };
}

function only(listener: ListenerSettings, serves: IrListener["serves"], needs: UnitResult["needs"] = []): UnitResult {
  const { name, address, port, proxyProtocol, trustedHops } = listener;
  const item: IrListener = { type: "listener", name, address, port, proxyProtocol, trustedHops, serves };
  return { items: [{ item, from: [] }], verdicts: [], needs, facts: [] };
}
