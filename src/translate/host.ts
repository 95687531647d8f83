import { type IngressAnnotations, readIngressAnnotations } from "#resources/annotations.ts";
import type { Ingress } from "#resources/ingress.ts";
import { formatRef, type ObjectRef } from "#resources/ref.ts";
import type { StoredObject } from "#store/store.ts";
import { compareAge } from "./age.ts";
import { isOurs } from "./ingress-class.ts";
import { type IngressRoutes, ingressRoutes } from "./ingress-routes.ts";
import { ANY_HOST, INGRESS_BY_HOST } from "./indexes.ts";
import { HTTP_TABLE, type IrRoute, type IrVirtualHost, virtualHostName } from "./ir.ts";
import type { TranslateSettings } from "./settings.ts";
import { hostTls, tableOf } from "./tls.ts";
import { tlsPlace } from "./tls-chains.ts";
import { tlsPolicyOf } from "./tls-policy.ts";
import type { Reader, UnitBuilder, UnitItem } from "./unit.ts";
import type { Verdict } from "./verdict.ts";

/** Builds `host:H`: the virtual hosts and the certificate of one host, from the Ingresses that name it. */
export function hostBuilder(settings: TranslateSettings): UnitBuilder {
  const ours = (ingress: Ingress, read: Reader): boolean => isOurs(ingress, settings, read);
  return (host, read) => {
    const named = read.list(INGRESS_BY_HOST, host);
    if (named.length === 0) return undefined;
    const claims = named
      .filter(
        (stored): stored is StoredObject<Ingress> => stored.object.kind === "Ingress" && ours(stored.object, read),
      )
      .toSorted(compareAge);
    const [first] = claims;
    if (first === undefined) return { items: [], verdicts: [], needs: [], facts: [] };
    const owned = claims.filter(({ ref }) => ref.namespace === first.ref.namespace);
    const annotations = new Map(
      owned.map(({ object }) => [object, readIngressAnnotations(object.metadata.annotations).value]),
    );
    const built = ingressRoutes(host, owned, annotations, settings, read);
    const verdicts: Verdict[] = [
      ...claims.filter((claim) => !owned.includes(claim)).map((claim) => hostTaken(claim, host, first)),
      ...built.verdicts,
    ];
    const from = owned.map(({ ref }) => ref);
    const plain = (tls: boolean): readonly UnitItem[] =>
      plainHosts(host, built, tls, annotations, settings).map((item) => ({ item, from }));
    const tls = hostTls(host, first.ref.namespace, (ingress) => ours(ingress, read), read);
    if (tls !== undefined && !speaks(settings, "https")) {
      verdicts.push(...tls.asking.map(noHttpsListener));
      return { items: plain(false), verdicts, needs: built.needs, facts: [] };
    }
    verdicts.push(...(tls?.verdicts ?? []));
    if (tls?.pair === undefined) {
      return { items: plain(tls !== undefined), verdicts, needs: built.needs, facts: [] };
    }
    const policy = tlsPolicyOf(host, owned, annotations, settings.tls);
    verdicts.push(...policy.verdicts);
    const table = tableOf(policy.policy, settings.tls);
    const place = tlsPlace(host, table, read);
    const { chain, privateKey, secret, notAfter } = tls.pair;
    const routes = built.routes.map(({ route }) => route);
    const items: UnitItem[] = [
      ...plain(true),
      { item: { type: "certificate", name: host, chain, privateKey, secret, notAfter }, from: [secret] },
      { item: virtualHost(table, host, routes), from },
      ...place.strangeTables.map((strange) => ({ item: misdirected(strange, host), from })),
    ];
    return { items, verdicts, needs: built.needs, facts: place.facts };
  };
}

/**
 * What plain HTTP answers: the routes, or redirects to HTTPS. A host whose routes all refuse plain HTTP stands without routes
 * (404): a wildcard or the catch-all would answer for it otherwise.
 */
function plainHosts(
  host: string,
  built: IngressRoutes,
  tls: boolean,
  annotations: ReadonlyMap<Ingress, IngressAnnotations>,
  settings: TranslateSettings,
): readonly IrVirtualHost[] {
  if (!speaks(settings, "http")) return [];
  const port = settings.listeners.find(({ protocol }) => protocol === "https")?.port;
  const routes = built.routes.flatMap(({ route, ingress }): IrRoute[] => {
    const wishes = annotations.get(ingress);
    if (wishes?.allowHttp === false) return [];
    if (!tls || !(wishes?.sslRedirect ?? settings.httpsRedirect)) return [route];
    return [
      { ...route, action: { type: "redirect", scheme: "https", port: port === 443 ? undefined : port, status: 308 } },
    ];
  });
  return [virtualHost(HTTP_TABLE, host, routes)];
}

function speaks({ listeners }: TranslateSettings, protocol: "http" | "https"): boolean {
  return listeners.some((listener) => listener.protocol === protocol);
}

function virtualHost(routeTable: string, host: string, routes: readonly IrRoute[]): IrVirtualHost {
  return { type: "virtualHost", name: virtualHostName(routeTable, host), routeTable, host, routes };
}

/**
 * A host with a TLS policy of its own is not served on the connections of other hosts: Envoy chooses the virtual host by
 * authority alone, so without this a wildcard or catch-all there would take its requests (RFC 9110 §15.5.20).
 */
function misdirected(table: string, host: string): IrVirtualHost {
  const action = {
    type: "respond",
    status: 421,
    body: "misdirected request: open a connection for this host\n",
  } as const;
  return virtualHost(table, host, [
    { name: "misdirected", owner: undefined, match: { path: { type: "prefix", value: "/" } }, action },
  ]);
}

function noHttpsListener(ref: ObjectRef): Verdict {
  return {
    ref,
    severity: "warning",
    reason: "NoHTTPSListener",
    path: "spec.tls",
    message: "no listener speaks HTTPS, so its hosts are served over plain HTTP alone",
    fix: "add a listener with protocol https to binnacle.yaml, or remove tls where a proxy in front speaks it",
  };
}

function hostTaken(claim: StoredObject<Ingress>, host: string, owner: { readonly ref: ObjectRef }): Verdict {
  const rule = claim.object.spec.rules.findIndex(
    (candidate) => (candidate.host === "" ? ANY_HOST : candidate.host) === host,
  );
  return {
    ref: claim.ref,
    severity: "error",
    reason: "HostTaken",
    path: rule === -1 ? "spec.defaultBackend" : `spec.rules[${rule}].host`,
    message: `host ${host} belongs to namespace ${owner.ref.namespace}, which claimed it first (${formatRef(owner.ref)}), so this rule has no effect`,
    fix: `use another host, or ask the team of ${owner.ref.namespace} to route to you`,
  };
}
