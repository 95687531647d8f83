import { acmeState } from "#resources/acme.ts";
import { readProxyAnnotations } from "#resources/annotations.ts";
import { splitSecretReference } from "#resources/httpproxy-fields.ts";
import type { ProxyVirtualHost } from "#resources/httpproxy.ts";
import type { ObjectRef } from "#resources/ref.ts";
import { mayUseSecret } from "../delegation.ts";
import type { IrClientValidation, TlsPolicy } from "../ir-listener.ts";
import { KEPT, keptFix, servedPair } from "../served-pair.ts";
import type { TranslateSettings } from "../settings.ts";
import { type HostTls, PENDING } from "../tls.ts";
import type { Reader } from "../unit.ts";
import { clientValidation } from "./client-validation.ts";
import { usesFallbackCertificate } from "./fallback-certificate.ts";
import type { ProxyProblems } from "./proxy-problems.ts";

/** How a proxy's host is served over TLS. */
export interface ProxyTls {
  /** Undefined: there is no usable certificate, and no handshake for the host succeeds. */
  readonly pair: HostTls["pair"];
  readonly policy: TlsPolicy;
  /** What says which clients are good, with the Secrets that it is made from. */
  readonly clients: { readonly item: IrClientValidation; readonly from: readonly ObjectRef[] } | undefined;
  /** Which clients may come is wrong: none may. */
  readonly closed: boolean;
  /** It is also served to clients that name no host here. */
  readonly fallback: boolean;
}

/** Undefined: TLS is not asked for. */
export function proxyTls(
  ref: ObjectRef,
  virtualhost: ProxyVirtualHost,
  hasTcp: boolean,
  settings: TranslateSettings,
  read: Reader,
  problems: ProxyProblems,
): ProxyTls | undefined {
  const { fqdn, tls } = virtualhost;
  if (tls === undefined) return undefined;
  const wrong = (reason: string, field: string, message: string, fix: string): void =>
    problems.error(ref, {
      type: "TLSError",
      reason,
      path: field === "" ? "spec.virtualhost.tls" : `spec.virtualhost.tls.${field}`,
      message,
      fix,
    });
  const versions = tlsVersions(tls, settings.tls);
  for (const { field, message } of versions.ignored)
    problems.warn(ref, { type: "TLSError", reason: "IgnoredField", path: `spec.virtualhost.tls.${field}`, message });
  const clients =
    tls.clientValidation === undefined ? undefined : clientValidation(tls.clientValidation, fqdn, ref.namespace, read);
  if (clients !== undefined && "problem" in clients) {
    const field = clients.field === "" ? "clientValidation" : `clientValidation.${clients.field}`;
    wrong(clients.reason, field, `${clients.problem}, so every route of the host answers 503`, clients.fix);
  }
  const closed = clients !== undefined && "problem" in clients;
  const good = clients !== undefined && "client" in clients ? clients : undefined;
  const policy = { ...versions.policy, ...(good === undefined ? {} : { client: good.client }) };
  const fallback = usesFallbackCertificate(ref, virtualhost, hasTcp, versions.policy, settings, read, problems);
  const nothing: ProxyTls = { pair: undefined, policy, clients: good, closed, fallback: false };
  if (policy.minimumVersion > policy.maximumVersion) {
    const message = `the minimum TLS version ${policy.minimumVersion} is above the maximum ${policy.maximumVersion}, so the host is not served over TLS`;
    wrong("TLSConfigNotValid", "minimumProtocolVersion", message, "lower the minimum or raise the maximum");
    return nothing;
  }
  if (tls.secretName === undefined) {
    if (tls.passthrough === true) return nothing;
    const message = "neither secretName nor passthrough is given, so the host is not served over TLS";
    wrong("TLSConfigNotValid", "", message, "name a Secret of type kubernetes.io/tls");
    return nothing;
  }
  const { namespace, name } = splitSecretReference(tls.secretName, ref.namespace);
  if (!mayUseSecret(namespace, name, ref.namespace, read)) {
    const message = `Secret ${namespace}/${name} is not delegated to namespace ${ref.namespace}, so the host is not served over TLS`;
    wrong("DelegationNotPermitted", "secretName", message, `add a TLSCertificateDelegation in namespace ${namespace}`);
    return nothing;
  }
  const { pair, secret, problem } = servedPair(namespace, name, read);
  if (problem === undefined) return { ...nothing, pair, fallback };
  const ordered =
    secret === undefined
      ? namespace === ref.namespace && asksAcme(ref, read)
      : acmeState(secret.metadata) !== undefined;
  if (pair !== undefined) {
    const [message, fix] = [`Secret ${namespace}/${name} ${problem}; ${KEPT}`, keptFix(namespace, pair, ordered)];
    const path = "spec.virtualhost.tls.secretName";
    problems.warn(ref, { type: "TLSError", reason: "SecretNotValid", path, message, fix });
    return { ...nothing, pair, fallback };
  }
  if (ordered) {
    problems.warn(ref, CERTIFICATE_PENDING);
    return nothing;
  }
  const fix =
    secret === undefined
      ? `create it with type kubernetes.io/tls in namespace ${namespace}`
      : "put a certificate and its key into tls.crt and tls.key";
  wrong(
    "SecretNotValid",
    "secretName",
    `Secret ${namespace}/${name} ${problem}, so the host is not served over TLS`,
    fix,
  );
  return nothing;
}

const CERTIFICATE_PENDING = {
  type: "TLSError",
  reason: "CertificatePending",
  path: "spec.virtualhost.tls.secretName",
  message: `${PENDING}, so the host is not served over TLS`,
  fix: "wait; where none can be had, the reason stands beside this",
} as const;

function asksAcme({ kind, namespace, name }: ObjectRef, read: Reader): boolean {
  const proxy = kind === "HTTPProxy" ? read.get(kind, namespace, name) : undefined;
  return proxy !== undefined && readProxyAnnotations(proxy.object.metadata.annotations).value.acme === true;
}

const VERSIONS = ["1.2", "1.3"] as const;

/** A version that is none counts as not given (Contour). */
function tlsVersions(
  { minimumProtocolVersion, maximumProtocolVersion }: NonNullable<ProxyVirtualHost["tls"]>,
  standard: TlsPolicy,
): { readonly policy: TlsPolicy; readonly ignored: readonly { readonly field: string; readonly message: string }[] } {
  const ignored: { field: string; message: string }[] = [];
  const version = (field: string, text: string | undefined): TlsPolicy["minimumVersion"] | undefined => {
    if (text === undefined || text === "") return undefined;
    const known = VERSIONS.find((candidate) => candidate === text);
    if (known === undefined) ignored.push({ field, message: `found ${text}, expected 1.2 or 1.3; it is passed over` });
    return known;
  };
  const minimumVersion = version("minimumProtocolVersion", minimumProtocolVersion) ?? standard.minimumVersion;
  const maximumVersion = version("maximumProtocolVersion", maximumProtocolVersion) ?? standard.maximumVersion;
  return { policy: { minimumVersion, maximumVersion }, ignored };
}
