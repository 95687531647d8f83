import { resolveServicePort, serviceRef } from "./backend.ts";
import { HTTP_TABLE, HTTPS_TABLE, type IrItem, type IrListener, type IrTlsChain, type TlsPolicy } from "./ir.ts";
import type { ListenerSettings, TranslateSettings } from "./settings.ts";
import { parsePolicyTable } from "./tls.ts";
import { CATCH_ALL_TABLES, CHAINS, splitChainFact } from "./tls-chains.ts";
import type { Reader, UnitBuilder, UnitResult } from "./unit.ts";

/** Builds `listener:NAME`: a listener of the configuration. */
export function listenerBuilder(settings: TranslateSettings): UnitBuilder {
  return (name, read) => {
    const listener = settings.listeners.find((candidate) => candidate.name === name);
    if (listener === undefined) return undefined;
    switch (listener.protocol) {
      case "http":
        return only(listener, { protocol: "http", routeTable: HTTP_TABLE });
      case "https":
        return only(listener, { protocol: "https", chains: tlsChains(settings.tls, read) });
      case "tcp":
      case "udp":
        return streamListener(listener, listener.protocol, read);
    }
  };
}

/** Builds `tables:`: the route tables, one for plain HTTP and one for each TLS chain. */
export function tablesBuilder(settings: TranslateSettings): UnitBuilder {
  return (_key, read) => {
    const catchAll = read.facts(CATCH_ALL_TABLES);
    const protocols = new Set(settings.listeners.map(({ protocol }) => protocol));
    const items: IrItem[] = [];
    if (protocols.has("http")) items.push({ type: "routeTable", name: HTTP_TABLE, unserved: undefined });
    if (protocols.has("https")) {
      const tables = new Set(tlsChains(settings.tls, read).map(({ routeTable }) => routeTable));
      for (const name of tables)
        items.push({ type: "routeTable", name, unserved: catchAll.includes(name) ? undefined : 421 });
    }
    return { items: items.map((item) => ({ item, from: [] })), verdicts: [], needs: [], facts: [] };
  };
}

/**
 * The chains of an HTTPS listener: those of hosts that need to be told apart by server name, and the one for all others.
 * The name of a chain is its table's, so that one more host in it changes the listener and nothing else.
 */
function tlsChains(standard: TlsPolicy, read: Reader): readonly IrTlsChain[] {
  const named = Map.groupBy(read.facts(CHAINS).map(splitChainFact), ({ table }) => table);
  const chains = [...named].map(([table, hosts]): IrTlsChain => ({
    name: `${table} by name`,
    serverNames: hosts.map(({ host }) => host),
    policy: parsePolicyTable(table) ?? standard,
    routeTable: table,
  }));
  return [...chains, { name: HTTPS_TABLE, serverNames: [], policy: standard, routeTable: HTTPS_TABLE }];
}

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
