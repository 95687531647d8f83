import { type IngressAnnotations, readIngressAnnotations } from "#resources/annotations.ts";
import type { Ingress } from "#resources/ingress.ts";
import { formatRef, type ObjectRef } from "#resources/ref.ts";
import type { StoredObject } from "#store/store.ts";
import { compareAge } from "./age.ts";
import { isOurs } from "./ingress-class.ts";
import { type IngressRoutes, ingressRoutes } from "./ingress-routes.ts";
import { ANY_HOST, INGRESS_BY_HOST } from "./indexes.ts";
import { HTTP_TABLE, HTTPS_TABLE, type IrItem, type IrRoute, type IrVirtualHost, virtualHostName } from "./ir.ts";
import type { TranslateSettings } from "./settings.ts";
import { hostTls, tableOf, wildcardAbove } from "./tls.ts";
import { tlsPolicyOf } from "./tls-policy.ts";
import type { Fact, Reader, UnitBuilder } from "./unit.ts";
import type { Verdict } from "./verdict.ts";

/** Topic of {@link chainFact}: which server names have a TLS chain of their own. */
export const CHAINS = "tls-chains";
/** Topic: route tables that have a virtual host for {@link ANY_HOST}. */
export const CATCH_ALL_TABLES = "catch-all-tables";

/** Builds `host:H`: the virtual hosts and the certificate of one host, from the Ingresses that name it. */
export function hostBuilder(settings: TranslateSettings): UnitBuilder {
  const ours = (ingress: Ingress, read: Reader): boolean => isOurs(ingress, settings, read);
  return (host, read) => {
    const claims = read
      .list(INGRESS_BY_HOST, host)
      .filter(
        (stored): stored is StoredObject<Ingress> => stored.object.kind === "Ingress" && ours(stored.object, read),
      )
      .toSorted(compareAge);
    const [first] = claims;
    if (first === undefined) return undefined;
    const owned = claims.filter(({ ref }) => ref.namespace === first.ref.namespace);
    const verdicts: Verdict[] = claims
      .filter((claim) => !owned.includes(claim))
      .map((claim) => hostTaken(claim, host, first));
    const annotations = new Map(
      owned.map(({ object }) => [object, readIngressAnnotations(object.metadata.annotations).value]),
    );
    const built = ingressRoutes(host, owned, annotations, settings, read);
    verdicts.push(...built.verdicts);
    const tls = hostTls(host, first.ref.namespace, (ingress) => ours(ingress, read), read);
    verdicts.push(...(tls?.verdicts ?? []));
    const items: IrItem[] = [...plainHosts(host, built, tls !== undefined, annotations, settings)];
    const facts: Fact[] = [];
    if (tls?.pair !== undefined) {
      const policy = tlsPolicyOf(host, owned, annotations, settings.tls);
      verdicts.push(...policy.verdicts);
      const table = tableOf(policy.policy, settings.tls);
      const { chain, privateKey, secret, notAfter } = tls.pair;
      items.push({ type: "certificate", name: host, chain, privateKey, secret, notAfter });
      items.push(
        virtualHost(
          table,
          host,
          built.routes.map(({ route }) => route),
        ),
      );
      if (table !== HTTPS_TABLE) items.push(misdirected(host));
      if (table !== HTTPS_TABLE || hasWildcardAbove(host, read)) facts.push(chainFact(table, host));
      if (host === ANY_HOST) facts.push({ topic: CATCH_ALL_TABLES, value: table });
    }
    return { items, verdicts, needs: built.needs, facts };
  };
}

/** Says that the chain of `table` takes handshakes for `host` by name. */
export function chainFact(table: string, host: string): Fact {
  return { topic: CHAINS, value: `${table} ${host}` };
}

export function splitChainFact(value: string): { table: string; host: string } {
  const [table = "", host = ""] = value.split(" ");
  return { table, host };
}

/** What plain HTTP answers: the routes, redirects to HTTPS, or nothing where HTTP is switched off. */
function plainHosts(
  host: string,
  built: IngressRoutes,
  tls: boolean,
  annotations: ReadonlyMap<Ingress, IngressAnnotations>,
  settings: TranslateSettings,
): readonly IrVirtualHost[] {
  const port = settings.listeners.find(({ protocol }) => protocol === "https")?.port;
  const routes = built.routes.flatMap(({ route, ingress }): IrRoute[] => {
    const wishes = annotations.get(ingress);
    if (wishes?.allowHttp === false) return [];
    if (!tls || !(wishes?.sslRedirect ?? settings.httpsRedirect)) return [route];
    return [
      { ...route, action: { type: "redirect", scheme: "https", port: port === 443 ? undefined : port, status: 308 } },
    ];
  });
  return routes.length === 0 ? [] : [virtualHost(HTTP_TABLE, host, routes)];
}

function virtualHost(routeTable: string, host: string, routes: readonly IrRoute[]): IrVirtualHost {
  return { type: "virtualHost", name: virtualHostName(routeTable, host), routeTable, host, routes };
}

/**
 * A host with a TLS policy of its own is not served on the connections of other hosts: Envoy chooses the virtual host by
 * authority alone, so without this a wildcard or catch-all there would take its requests (RFC 9110 §15.5.20).
 */
function misdirected(host: string): IrVirtualHost {
  const action = {
    type: "respond",
    status: 421,
    body: "misdirected request: open a connection for this host\n",
  } as const;
  return virtualHost(HTTPS_TABLE, host, [
    { name: "misdirected", owner: undefined, match: { path: { type: "prefix", value: "/" } }, action },
  ]);
}

/** A wildcard's own chain would take the handshakes of the hosts below it, so they are named. */
function hasWildcardAbove(host: string, read: Reader): boolean {
  const wildcard = wildcardAbove(host);
  return wildcard !== undefined && read.list(INGRESS_BY_HOST, wildcard).length > 0;
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
