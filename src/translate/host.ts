import { compareRefs } from "#resources/ref.ts";
import { type HostAnswers, hostAnswers, type SecureAnswers } from "./host-answers.ts";
import { http3Fact, http3Ports } from "./http3.ts";
import { INGRESS_BY_HOST, INGRESSROUTE_BY_FQDN, PROXY_BY_FQDN } from "./indexes.ts";
import { ANY_HOST, FALLBACK_TABLE, HTTP_TABLE, HTTPS_TABLE, type IrVirtualHost, virtualHostName } from "./ir.ts";
import type { IrPolicies } from "./ir-policies.ts";
import type { IrRoute } from "./ir-route.ts";
import type { TranslateSettings } from "./settings.ts";
import { type TlsPlace, tlsPlace } from "./tls-chains.ts";
import type { UnitBuilder, UnitItem } from "./unit.ts";

/** Builds `host:H`: the virtual hosts and the certificate of one host, from the objects that name it. */
export function hostBuilder(settings: TranslateSettings): UnitBuilder {
  return (host, read) => {
    const indexes = [INGRESS_BY_HOST, PROXY_BY_FQDN, INGRESSROUTE_BY_FQDN];
    if (indexes.every((index) => read.list(index, host).length === 0)) return undefined;
    const answers = hostAnswers(host, settings, read);
    const { secure, from, verdicts, policies } = answers;
    if (from.length === 0) return { items: [], verdicts, needs: [], facts: [] };
    // A wildcard covers one label, a domain in Envoy any number: the rest of it is everybody's.
    const rest = host.startsWith("*.") ? hostAnswers(ANY_HOST, settings, read) : undefined;
    const place = secure === undefined ? NO_TLS : tlsPlace(host, secure, settings, read);
    const hosts = [
      // A host that refuses plain HTTP stands without routes (404): a wildcard or the catch-all would answer for it.
      ...(answers.plain === undefined ? [] : [virtualHost(HTTP_TABLE, host, answers.plain, rest, overHttp(policies))]),
      ...(secure === undefined ? [] : secureHosts(host, secure, http3Ports(settings), rest, policies)),
      ...place.strangeTables.map((table) => virtualHost(table, host, MISDIRECTED, rest, undefined)),
    ];
    const both = [...from, ...(rest?.from ?? []).filter((ref) => !from.some((own) => compareRefs(own, ref) === 0))];
    const items = hosts.map((item): UnitItem => ({ item, from: item.beyond === undefined ? from : both }));
    if (secure?.pair !== undefined) {
      items.push({ item: { type: "certificate", name: host, ...secure.pair }, from: [secure.pair.secret] });
      const { clients } = secure;
      if (clients !== undefined) items.push({ item: clients.item, from: [...clients.from, ...from] });
      items.push(...answers.items);
    }
    const { needs } = answers;
    const facts = [...answers.facts, ...place.facts];
    if (secure?.http3 === true && secure.pair !== undefined)
      facts.push(http3Fact(host, secure.table, secure.pair.secret));
    return { items, verdicts, needs: [...needs, ...(rest?.needs ?? [])], facts };
  };
}

const NO_TLS: TlsPlace = { facts: [], strangeTables: [] };

function virtualHost(
  routeTable: string,
  host: string,
  routes: readonly IrRoute[],
  rest: HostAnswers | undefined,
  policies: IrPolicies | undefined,
): IrVirtualHost {
  const beyond = routesIn(routeTable, rest);
  return {
    type: "virtualHost",
    name: virtualHostName(routeTable, host),
    routeTable,
    host,
    routes,
    ...(beyond === undefined ? {} : { beyond }),
    ...(policies === undefined ? {} : { policies }),
  };
}

function secureHosts(
  host: string,
  { table, routes, guarded, fallback, http3 }: SecureAnswers,
  http3Ports: readonly number[],
  rest: HostAnswers | undefined,
  policies: IrPolicies | undefined,
): readonly IrVirtualHost[] {
  if (routes === undefined) return [];
  const built = virtualHost(table, host, routes, rest, policies);
  const own = http3 ? { ...built, http3: http3Ports } : built;
  return [
    guarded ? { ...own, guarded } : own,
    ...(fallback ? [virtualHost(FALLBACK_TABLE, host, routes, rest, policies)] : []),
  ];
}

/** Tokens are asked for over TLS alone, and what needs one is not served here. */
function overHttp(policies: IrPolicies | undefined): IrPolicies | undefined {
  if (policies?.jwt === undefined) return policies;
  const { jwt: _jwt, ...others } = policies;
  return Object.keys(others).length === 0 ? undefined : others;
}

/** What the catch-all host answers from a table. */
function routesIn(table: string, catchAll: HostAnswers | undefined): readonly IrRoute[] | undefined {
  return table === HTTP_TABLE ? catchAll?.plain : table === HTTPS_TABLE ? catchAll?.secure?.routes : undefined;
}

/**
 * A host with a TLS policy of its own is not served on the connections of other hosts: Envoy chooses the virtual host by
 * authority alone, so without this a wildcard or catch-all there would take its requests (RFC 9110 §15.5.20).
 */
const MISDIRECTED: readonly IrRoute[] = [
  {
    name: "misdirected",
    owner: undefined,
    match: { path: { type: "prefix", value: "/" } },
    action: { type: "respond", status: 421, body: "misdirected request: open a connection for this host\n" },
  },
];
