import { type IngressAnnotations, readIngressAnnotations } from "#resources/annotations.ts";
import type { Ingress } from "#resources/ingress.ts";
import { formatRef, type ObjectRef } from "#resources/ref.ts";
import type { StoredObject } from "#store/store.ts";
import { compareAge } from "./age.ts";
import { isOurs } from "./ingress-class.ts";
import { type IngressRoutes, ingressRoutes } from "./ingress-routes.ts";
import { INGRESS_BY_HOST } from "./indexes.ts";
import { ANY_HOST } from "./ir.ts";
import type { IrRoute } from "./ir-route.ts";
import type { TranslateSettings } from "./settings.ts";
import { type HostTls, hostTls, tableOf } from "./tls.ts";
import { tlsPolicyOf } from "./tls-policy.ts";
import type { Reader, UnitId } from "./unit.ts";
import type { Verdict } from "./verdict.ts";

/** What one host answers, from the Ingresses of the namespace that it belongs to. */
export interface HostAnswers {
  /** Those Ingresses, the oldest first. */
  readonly from: readonly ObjectRef[];
  /** Over plain HTTP: routes, or redirects to HTTPS. Undefined: no listener speaks it. */
  readonly plain: readonly IrRoute[] | undefined;
  /** Over TLS. Undefined: not asked for, or there is no certificate to do it with. */
  readonly secure: SecureAnswers | undefined;
  readonly needs: readonly UnitId[];
  readonly verdicts: readonly Verdict[];
}

export interface SecureAnswers {
  readonly pair: NonNullable<HostTls["pair"]>;
  /** The route table of the chain whose TLS policy is the host's. */
  readonly table: string;
  readonly routes: readonly IrRoute[];
}

/** Undefined: no Ingress of ours names the host. */
export function hostAnswers(host: string, settings: TranslateSettings, read: Reader): HostAnswers | undefined {
  const ours = (ingress: Ingress): boolean => isOurs(ingress, settings, read);
  const claims = read
    .list(INGRESS_BY_HOST, host)
    .filter((stored): stored is StoredObject<Ingress> => stored.object.kind === "Ingress" && ours(stored.object))
    .toSorted(compareAge);
  const [first] = claims;
  if (first === undefined) return undefined;
  const owned = claims.filter(({ ref }) => ref.namespace === first.ref.namespace);
  const annotations = new Map(
    owned.map(({ object }) => [object, readIngressAnnotations(object.metadata.annotations).value]),
  );
  const built = ingressRoutes(host, owned, annotations, settings, read);
  const verdicts: Verdict[] = [
    ...claims.filter((claim) => !owned.includes(claim)).map((claim) => hostTaken(claim, host, first)),
    ...built.verdicts,
  ];
  const asked = hostTls(host, first.ref.namespace, ours, read);
  const tls = speaks(settings, "https") ? asked : undefined;
  verdicts.push(...(tls?.verdicts ?? asked?.asking.map(noHttpsListener) ?? []));
  const common = {
    from: owned.map(({ ref }) => ref),
    plain: speaks(settings, "http") ? plainRoutes(built, tls !== undefined, annotations, settings) : undefined,
    needs: built.needs,
  };
  if (tls?.pair === undefined) return { ...common, secure: undefined, verdicts };
  const { policy, verdicts: aboutPolicy } = tlsPolicyOf(host, owned, annotations, settings.tls);
  const routes = built.routes.map(({ route }) => route);
  return {
    ...common,
    secure: { pair: tls.pair, table: tableOf(policy, settings.tls), routes },
    verdicts: [...verdicts, ...aboutPolicy],
  };
}

/** The routes over plain HTTP, or redirects to HTTPS; those whose Ingress refuses plain HTTP are left out. */
function plainRoutes(
  built: IngressRoutes,
  tls: boolean,
  annotations: ReadonlyMap<Ingress, IngressAnnotations>,
  settings: TranslateSettings,
): readonly IrRoute[] {
  const port = settings.listeners.find(({ protocol }) => protocol === "https")?.port;
  return built.routes.flatMap(({ route, ingress }): IrRoute[] => {
    const wishes = annotations.get(ingress);
    if (wishes?.allowHttp === false) return [];
    if (!tls || !(wishes?.sslRedirect ?? settings.httpsRedirect)) return [route];
    return [
      { ...route, action: { type: "redirect", scheme: "https", port: port === 443 ? undefined : port, status: 308 } },
    ];
  });
}

function speaks({ listeners }: TranslateSettings, protocol: "http" | "https"): boolean {
  return listeners.some((listener) => listener.protocol === protocol);
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
