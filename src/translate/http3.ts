import { ANY_HOST, http3Certificate } from "./ir.ts";
import type { IrTlsChain, TlsPolicy } from "./ir-listener.ts";
import { servedPair } from "./served-pair.ts";
import type { ListenerSettings, TranslateSettings } from "./settings.ts";
import { type ChainDetail, chainDetail } from "./tls-chains.ts";
import { parsePolicyTable } from "./tls.ts";
import type { Fact, Reader, UnitItem } from "./unit.ts";

/** Topic: the hosts that are served over HTTP/3. Nobody says so, or asks, where no listener speaks it. */
const HTTP3_HOSTS = "http3-hosts";

interface Http3Host {
  readonly host: string;
  readonly table: string;
  readonly namespace: string;
  readonly secret: string;
}

/** Whether a host can be served over HTTP/3, which is TLS 1.3 alone; Envoy asks no client for a certificate there. */
export function speaksHttp3(host: string, policy: TlsPolicy, settings: TranslateSettings): boolean {
  if (host === ANY_HOST || policy.client !== undefined || policy.maximumVersion !== "1.3") return false;
  return http3Ports(settings).length > 0;
}

/** The ports that clients are told, each once. */
export function http3Ports({ listeners }: TranslateSettings): readonly number[] {
  return [...new Set(listeners.flatMap(({ http3 }) => http3?.advertisedPort ?? []))].toSorted((a, b) => a - b);
}

export function http3Fact(
  host: string,
  table: string,
  secret: { readonly namespace: string; readonly name: string },
): Fact {
  const value: Http3Host = { host, table, namespace: secret.namespace, secret: secret.name };
  return { topic: HTTP3_HOSTS, value: JSON.stringify(value) };
}

/**
 * The chains of HTTP/3: one for the hosts of a route table that have the same certificate. Envoy's certificates on demand are not for
 * QUIC ("Does not support QUIC listeners", 1.40), so that a chain names its certificate, and the listener all its hosts. A host
 * more is a name more, or a chain more, and no other chain changes.
 */
export function http3Chains(standard: TlsPolicy, read: Reader): readonly IrTlsChain[] {
  const groups = Map.groupBy(http3Hosts(read), ({ table, namespace, secret }) => `${table} ${namespace}/${secret}`);
  return [...groups].map(([name, hosts]): IrTlsChain => {
    const [{ table, namespace, secret }] = hosts as [Http3Host];
    return {
      name,
      serverNames: hosts.map(({ host }) => host),
      ...policyOf(chainDetail(table, read), table, standard),
      routeTable: table,
      certificate: http3Certificate({ namespace, name: secret }),
    };
  });
}

function policyOf(detail: ChainDetail | undefined, table: string, standard: TlsPolicy): ChainDetail {
  return detail ?? { policy: parsePolicyTable(table) ?? standard };
}

/** The certificates of these chains. */
export function http3Items(settings: TranslateSettings, read: Reader): readonly UnitItem[] {
  if (http3Ports(settings).length === 0) return [];
  const secrets = new Map(
    http3Hosts(read).map(({ namespace, secret }) => [`${namespace}/${secret}`, { namespace, secret }]),
  );
  return [...secrets.values()].flatMap(({ namespace, secret: name }): readonly UnitItem[] => {
    const { pair } = servedPair(namespace, name, read);
    if (pair === undefined) return [];
    return [{ item: { type: "certificate", name: http3Certificate(pair.secret), ...pair }, from: [pair.secret] }];
  });
}

function http3Hosts(read: Reader): readonly Http3Host[] {
  return read.facts(HTTP3_HOSTS).map((value) => JSON.parse(value) as Http3Host);
}

/** The name of the listener of UDP beside one of TCP. No listener of the configuration has a `/` in its name. */
export function http3Name({ name }: ListenerSettings): string {
  return `${name}/http3`;
}
