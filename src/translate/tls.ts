import { acmeSecretName, acmeState } from "#resources/acme.ts";
import { readIngressAnnotations } from "#resources/annotations.ts";
import { splitSecretReference } from "#resources/httpproxy-fields.ts";
import type { Ingress, IngressTls } from "#resources/ingress.ts";
import type { ObjectRef } from "#resources/ref.ts";
import { refOf } from "#resources/resource.ts";
import { compareAge } from "./age.ts";
import { mayUseSecret } from "./delegation.ts";
import { INGRESS_BY_TLS_HOST, tlsHosts } from "./indexes.ts";
import { ANY_HOST, HTTPS_TABLE } from "./ir.ts";
import type { TlsPolicy, TlsVersion } from "./ir-listener.ts";
import { KEPT, keptFix, type ServedPair, servedPair } from "./served-pair.ts";
import type { Reader } from "./unit.ts";
import type { Verdict } from "./verdict.ts";

/** How a host is served over TLS. */
export interface HostTls {
  /** Undefined when TLS is asked for but there is no usable certificate: then no handshake for the host succeeds. */
  readonly pair: ServedPair | undefined;
  /** The Ingresses that ask for it, by age. */
  readonly asking: readonly ObjectRef[];
  readonly verdicts: readonly Verdict[];
}

/**
 * The certificate of a host: from the TLS entries of the Ingresses in the namespace that owns the host, an entry with the
 * very name before one with the wildcard above it, the older Ingress before the younger. Undefined: no TLS asked for.
 */
export function hostTls(
  host: string,
  namespace: string,
  isOurs: (ingress: Ingress) => boolean,
  read: Reader,
): HostTls | undefined {
  const verdicts: Verdict[] = [];
  const asking: ObjectRef[] = [];
  for (const name of new Set([host, wildcardAbove(host) ?? host])) {
    for (const { object: ingress } of read.list(INGRESS_BY_TLS_HOST, name).toSorted(compareAge)) {
      if (ingress.kind !== "Ingress" || ingress.metadata.namespace !== namespace || !isOurs(ingress)) continue;
      for (const [index, entry] of ingress.spec.tls.entries()) {
        if (!tlsHosts(ingress, entry.hosts).includes(name)) continue;
        asking.push(refOf(ingress));
        const found = keyPair(ingress, entry, index, read);
        if (found.verdict !== undefined) verdicts.push(found.verdict);
        if (found.pair !== undefined) return { pair: found.pair, asking, verdicts };
      }
    }
  }
  return asking.length > 0 ? { pair: undefined, asking, verdicts } : undefined;
}

/** `*.example.com` for `www.example.com`; nothing above a wildcard or {@link ANY_HOST}. */
export function wildcardAbove(host: string): string | undefined {
  const dot = host.indexOf(".");
  return host === ANY_HOST || host.startsWith("*.") || dot === -1 ? undefined : `*${host.slice(dot)}`;
}

/** The name of a policy: equal policies have equal names. */
export function policyName({ minimumVersion, maximumVersion }: TlsPolicy): string {
  return `tls${minimumVersion}-${maximumVersion}`;
}

/**
 * The route table of the chain that serves a host with this policy. One that asks clients for certificates or tokens has a chain of
 * its own, named after the host: when what it asks for changes, its table stays.
 */
export function tableOf(host: string, policy: TlsPolicy, standard: TlsPolicy, asksTokens: boolean): string {
  if (policy.client !== undefined) return `${HTTPS_TABLE}-clients-${host}`;
  if (asksTokens) return `${HTTPS_TABLE}-tokens-${host}`;
  return policyName(policy) === policyName(standard) ? HTTPS_TABLE : `${HTTPS_TABLE}-${policyName(policy)}`;
}

/** The policy that a table of {@link tableOf} stands for; undefined for the standard one. */
export function parsePolicyTable(table: string): TlsPolicy | undefined {
  const versions = /^https-tls(1\.[23])-(1\.[23])$/.exec(table);
  if (versions === null) return undefined;
  return { minimumVersion: versions[1] as TlsVersion, maximumVersion: versions[2] as TlsVersion };
}

/**
 * The Secret of a TLS entry, with `namespace/` in front where it is in another one; one that names none has a name where its
 * certificate comes from the ACME server.
 */
export function entrySecretReference(ingress: Ingress, { secretName, hosts }: IngressTls): string | undefined {
  if (secretName === undefined) return asksAcme(ingress) ? acmeSecretName(tlsHosts(ingress, hosts)) : undefined;
  const { namespace, annotations } = ingress.metadata;
  const { tlsSecretNamespace = namespace } = readIngressAnnotations(annotations).value;
  return tlsSecretNamespace === namespace ? secretName : `${tlsSecretNamespace}/${secretName}`;
}

/** Of a certificate that the ACME server is asked for. */
export const PENDING = "its certificate from the ACME server is not here yet";

function asksAcme(ingress: Ingress): boolean {
  return readIngressAnnotations(ingress.metadata.annotations).value.acme === true;
}

function keyPair(
  ingress: Ingress,
  entry: IngressTls,
  index: number,
  read: Reader,
): { readonly pair?: ServedPair; readonly verdict?: Verdict } {
  const { namespace: own } = ingress.metadata;
  const verdict = (reason: string, message: string, fix: string): { verdict: Verdict } => ({
    verdict: {
      ref: refOf(ingress),
      severity: "error",
      reason,
      path: `spec.tls[${index}].secretName`,
      message: `${message}, so its hosts are not served over TLS`,
      fix,
    },
  });
  const pending = (): { verdict: Verdict } => {
    const told = verdict("CertificatePending", PENDING, "wait; where none can be had, the reason stands beside this");
    return { verdict: { ...told.verdict, severity: "warning" } };
  };
  const reference = entrySecretReference(ingress, entry);
  if (reference === undefined) {
    return verdict("SecretNotNamed", "no Secret is named", "name a Secret of type kubernetes.io/tls");
  }
  const { namespace, name: secretName } = splitSecretReference(reference, own);
  if (!mayUseSecret(namespace, secretName, own, read)) {
    const message = `Secret ${namespace}/${secretName} is not delegated to namespace ${own}`;
    return verdict("DelegationNotPermitted", message, `add a TLSCertificateDelegation in namespace ${namespace}`);
  }
  const { pair, secret, problem } = servedPair(namespace, secretName, read);
  if (pair !== undefined && problem === undefined) return { pair };
  const ordered =
    secret === undefined ? namespace === own && asksAcme(ingress) : acmeState(secret.metadata) !== undefined;
  const reason = secret === undefined ? "SecretNotFound" : "SecretNotValid";
  if (pair !== undefined) {
    const message = `Secret ${namespace}/${secretName} ${problem}; ${KEPT}`;
    const told = verdict(reason, message, keptFix(namespace, pair, ordered)).verdict;
    return { pair, verdict: { ...told, severity: "warning", message } };
  }
  if (ordered) return pending();
  const fix =
    secret === undefined
      ? `create it with type kubernetes.io/tls in namespace ${namespace}`
      : "put a certificate and its key into tls.crt and tls.key";
  return verdict(reason, `Secret ${namespace}/${secretName} ${problem}`, fix);
}
