import type { HttpProxy, ProxyVirtualHost } from "#resources/httpproxy.ts";
import type { Ingress } from "#resources/ingress.ts";
import type { IngressRoute } from "#resources/ingressroute.ts";
import { formatRef, type ObjectRef } from "#resources/ref.ts";
import type { StoredObject } from "#store/object-state.ts";
import { compareAge } from "./age.ts";
import { isOurs } from "./ingress-class.ts";
import { proxyOf } from "./httpproxy/ingressroute-tree.ts";
import { INGRESS_BY_HOST, INGRESSROUTE_BY_FQDN, PROXY_BY_FQDN } from "./indexes.ts";
import { ANY_HOST } from "./ir.ts";
import type { TranslateSettings } from "./settings.ts";
import type { Reader } from "./unit.ts";
import type { Verdict } from "./verdict.ts";

/** Who a host belongs to, and what of theirs is for it. */
export interface HostClaims {
  /** Undefined: nobody claims it, or none of those who do may. */
  readonly owner: ObjectRef | undefined;
  /** Of the owner's namespace, the oldest first. */
  readonly ingresses: readonly StoredObject<Ingress>[];
  /** The oldest of the owner's namespace. */
  readonly proxy: { readonly root: StoredObject<HttpProxy>; readonly virtualhost: ProxyVirtualHost } | undefined;
  /** About those that have no effect here. */
  readonly verdicts: readonly Verdict[];
}

/** A host belongs to the namespace of the oldest object that names it, and all objects of that namespace merge. */
export function hostClaims(host: string, settings: TranslateSettings, read: Reader): HostClaims {
  const verdicts: Verdict[] = [];
  const ingresses = read
    .list(INGRESS_BY_HOST, host)
    .filter((stored): stored is StoredObject<Ingress> => stored.object.kind === "Ingress")
    .filter(({ object }) => isOurs(object, settings, read))
    .toSorted(compareAge);
  const proxies = rootsOf(host, read)
    .filter(({ object }) => isOurs(object, settings, read))
    .filter((root) => mayHaveHosts(root, settings, verdicts))
    .toSorted(compareAge);
  const [first] = [...ingresses, ...proxies].toSorted(compareAge);
  if (first === undefined) return { owner: undefined, ingresses: [], proxy: undefined, verdicts };
  const isOwned = ({ ref }: StoredObject): boolean => ref.namespace === first.ref.namespace;
  for (const claim of ingresses) if (!isOwned(claim)) verdicts.push(hostTaken(claim, host, first.ref));
  const [root, ...younger] = proxies.filter(isOwned);
  for (const claim of proxies) if (!isOwned(claim)) verdicts.push(duplicateHost(claim, host, first.ref));
  for (const claim of younger) if (root !== undefined) verdicts.push(duplicateHost(claim, host, root.ref));
  const virtualhost = root?.object.spec.virtualhost;
  return {
    owner: first.ref,
    ingresses: ingresses.filter(isOwned),
    proxy: root === undefined || virtualhost === undefined ? undefined : { root, virtualhost },
    verdicts,
  };
}

/** Proxies with this host, and what came before them: IngressRoutes. */
function rootsOf(host: string, read: Reader): readonly StoredObject<HttpProxy>[] {
  const proxies = read
    .list(PROXY_BY_FQDN, host)
    .filter((stored): stored is StoredObject<HttpProxy> => stored.object.kind === "HTTPProxy");
  const before = read
    .list(INGRESSROUTE_BY_FQDN, host)
    .filter((stored): stored is StoredObject<IngressRoute> => stored.object.kind === "IngressRoute");
  return [...proxies, ...before.map(proxyOf)];
}

function mayHaveHosts({ ref }: StoredObject, { proxies }: TranslateSettings, verdicts: Verdict[]): boolean {
  if (proxies.rootNamespaces.length === 0 || proxies.rootNamespaces.includes(ref.namespace)) return true;
  verdicts.push({
    ref,
    severity: "error",
    type: "RootNamespaceError",
    reason: "RootProxyNotAllowedInNamespace",
    path: "spec.virtualhost",
    message: `namespace ${ref.namespace} may not have hosts of its own (routing.rootNamespaces), so this ${wordFor(ref)} has no effect`,
    fix: `remove its virtualhost and have a root of an allowed namespace ${includeWord(ref)} it`,
  });
  return false;
}

/** What is taken away is told with the owner's name, so that teams can talk to each other. */
function duplicateHost({ ref }: StoredObject, host: string, owner: ObjectRef): Verdict {
  const other = owner.namespace !== ref.namespace;
  return {
    ref,
    severity: "error",
    type: "VirtualHostError",
    reason: "DuplicateVhost",
    path: "spec.virtualhost.fqdn",
    message: other
      ? `host ${host} belongs to namespace ${owner.namespace}, which claimed it first (${formatRef(owner)}), so this ${wordFor(ref)} has no effect`
      : `host ${host} is ${formatRef(owner)}'s, which is older, so this ${wordFor(ref)} has no effect`,
    fix: other
      ? `use another host, or ask the team of ${owner.namespace} to ${includeWord(ref)} you`
      : `remove its virtualhost and ${includeWord(ref)} it there, or use another host`,
    taken: { host, by: owner },
  };
}

function wordFor({ kind }: ObjectRef): string {
  return kind === "IngressRoute" ? kind : "proxy";
}

function includeWord({ kind }: ObjectRef): string {
  return kind === "IngressRoute" ? "delegate to" : "include";
}

function hostTaken(claim: StoredObject<Ingress>, host: string, owner: ObjectRef): Verdict {
  const rule = claim.object.spec.rules.findIndex(
    (candidate) => (candidate.host === "" ? ANY_HOST : candidate.host) === host,
  );
  return {
    ref: claim.ref,
    severity: "error",
    reason: "HostTaken",
    path: rule === -1 ? "spec.defaultBackend" : `spec.rules[${rule}].host`,
    message: `host ${host} belongs to namespace ${owner.namespace}, which claimed it first (${formatRef(owner)}), so this rule has no effect`,
    fix: `use another host, or ask the team of ${owner.namespace} to route to you`,
    taken: { host, by: owner },
  };
}
