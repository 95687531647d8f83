import { acmeState } from "#resources/acme.ts";
import { type IngressAnnotations, readProxyAnnotations } from "#resources/annotations.ts";
import type { Ingress } from "#resources/ingress.ts";
import type { ObjectRef } from "#resources/ref.ts";
import type { HostClaims } from "./host-claims.ts";
import { tlsHosts } from "./indexes.ts";
import { ANY_HOST } from "./ir.ts";
import type { IrPolicies } from "./ir-policies.ts";
import type { IrRoute } from "./ir-route.ts";
import { pairOf } from "./secret-pair.ts";
import type { TranslateSettings } from "./settings.ts";
import { entrySecretReference } from "./tls.ts";
import type { Fact, Reader } from "./unit.ts";
import type { Verdict } from "./verdict.ts";

/** The topic of the facts that say which certificates are wanted of the ACME server. */
export const WANTED_CERTIFICATES = "wanted certificates";

export interface HostAcme {
  /** What the ACME server asks for at the host while an order is open; before all other routes over plain HTTP. */
  readonly routes: readonly IrRoute[];
  readonly facts: readonly Fact[];
  readonly verdicts: readonly Verdict[];
}

/** An object that asks for a certificate from the ACME server. */
interface Asking {
  readonly ref: ObjectRef;
  readonly path: string;
  readonly secretName: string;
}

/** Of a host whose owner asks for certificates from the ACME server: those that stand as Secrets of their own are left alone. */
export function hostAcme(
  host: string,
  claims: HostClaims,
  annotations: ReadonlyMap<Ingress, IngressAnnotations>,
  settings: TranslateSettings,
  read: Reader,
): HostAcme {
  const routes = new Map<string, IrRoute>();
  const facts: Fact[] = [];
  const verdicts: Verdict[] = [];
  for (const asking of [...ingressesAsking(host, claims, annotations), ...proxyAsking(claims)]) {
    const { ref, path } = asking;
    // Contour's group of such errors.
    const about = { ref, path, ...(ref.kind === "HTTPProxy" ? { type: "TLSError" } : {}) };
    const obstacle = obstacleOf(host, asking, settings);
    if (obstacle !== undefined) {
      verdicts.push({ ...about, severity: "error", ...obstacle });
      continue;
    }
    const { namespace } = ref;
    const secret = read.get("Secret", namespace, asking.secretName)?.object;
    const state = secret === undefined ? undefined : acmeState(secret.metadata);
    if (secret !== undefined && state === undefined) continue;
    facts.push({ topic: WANTED_CERTIFICATES, value: `${namespace}/${asking.secretName} ${host}` });
    for (const { token, content } of state?.challenges.filter((challenge) => challenge.host === host) ?? [])
      routes.set(token, challengeRoute(ref, token, content));
    if (secret === undefined || state?.failure === undefined) continue;
    const serves = "pair" in pairOf(secret);
    verdicts.push({
      ...about,
      severity: serves ? "warning" : "error",
      reason: "CertificateOrderFailed",
      message: `no good certificate came from the ACME server: ${state.failure.message}; ${serves ? "the last one goes on" : "the hosts are not served over TLS"}, and the next try is at ${state.failure.next}`,
      fix: "see that the host's name leads here and that port 80 can be reached from outside",
    });
  }
  return { routes: [...routes.values()], facts, verdicts };
}

function ingressesAsking(
  host: string,
  { ingresses }: HostClaims,
  annotations: ReadonlyMap<Ingress, IngressAnnotations>,
): readonly Asking[] {
  return ingresses.flatMap(({ ref, object }) => {
    if (annotations.get(object)?.acme !== true) return [];
    return object.spec.tls.flatMap((entry, index): readonly Asking[] => {
      const secretName = entrySecretReference(object, entry);
      if (secretName === undefined || !tlsHosts(object, entry.hosts).includes(host)) return [];
      return [{ ref, path: `spec.tls[${index}]`, secretName }];
    });
  });
}

function proxyAsking({ proxy }: HostClaims): readonly Asking[] {
  const secretName = proxy?.virtualhost.tls?.secretName;
  if (proxy === undefined || secretName === undefined) return [];
  const { ref, object } = proxy.root;
  if (readProxyAnnotations(object.metadata.annotations).value.acme !== true) return [];
  return [{ ref, path: "spec.virtualhost.tls.secretName", secretName }];
}

/** Why no certificate can be had. */
function obstacleOf(
  host: string,
  { ref, secretName }: Asking,
  { acme = false, listeners }: TranslateSettings,
): Pick<Verdict, "reason" | "message" | "fix"> | undefined {
  if (!acme) {
    const message = "a certificate is asked for from an ACME server, and none is configured";
    return { reason: "ACMENotConfigured", message, fix: "add acme to binnacle.yaml, or remove binnacle.dev/acme" };
  }
  if (!listeners.some(({ protocol }) => protocol === "http")) {
    const message = "an ACME server asks over plain HTTP (HTTP-01), and no listener speaks it";
    return { reason: "ACMENotPossible", message, fix: "add a listener with protocol http to binnacle.yaml" };
  }
  if (host === ANY_HOST || host.startsWith("*.")) {
    const message = `HTTP-01 proves single hosts, so no certificate can be ordered for ${host === ANY_HOST ? "a rule without a host" : host}`;
    return { reason: "ACMENotPossible", message, fix: "name each host, or bring a Secret with a certificate" };
  }
  if (secretName.includes("/")) {
    const message = `a certificate is ordered into a Secret of namespace ${ref.namespace} alone, and ${secretName} is of another`;
    return { reason: "ACMENotPossible", message, fix: "name a Secret without a namespace" };
  }
  return undefined;
}

/** Whom the ACME server asks for knows nothing of a host's users and limits (RFC 8555 §8.3). */
const OPEN: IrPolicies = {
  cors: "off",
  ipFilter: "off",
  localRateLimit: "off",
  authorization: "off",
  rateLimit: "off",
};

function challengeRoute(owner: ObjectRef, token: string, content: string): IrRoute {
  return {
    name: `acme-challenge ${token}`,
    owner,
    match: { path: { type: "exact", value: `/.well-known/acme-challenge/${token}` } },
    action: { type: "respond", status: 200, body: content },
    policies: OPEN,
  };
}
