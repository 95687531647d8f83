import type { ProxyVirtualHost } from "#resources/httpproxy.ts";
import type { ObjectRef } from "#resources/ref.ts";
import { mayUseSecret } from "../delegation.ts";
import type { TlsPolicy } from "../ir-listener.ts";
import { KEPT, keptFix, servedPair } from "../served-pair.ts";
import type { TranslateSettings } from "../settings.ts";
import { policyName } from "../tls.ts";
import { CATCH_ALL_TABLES } from "../tls-chains.ts";
import type { Reader } from "../unit.ts";
import type { ProxyProblems } from "./proxy-problems.ts";

/**
 * Whether a host is also served to clients that name no host here, with the appliance's fallback certificate. What is
 * wrong with that leaves the host as it is without (Contour takes it away altogether); the reasons are Contour's.
 *
 * @param policy the host's TLS versions
 */
export function usesFallbackCertificate(
  ref: ObjectRef,
  virtualhost: ProxyVirtualHost,
  hasTcp: boolean,
  policy: TlsPolicy,
  settings: TranslateSettings,
  read: Reader,
  problems: ProxyProblems,
): boolean {
  if (virtualhost.tls?.enableFallbackCertificate !== true) return false;
  const path = "spec.virtualhost.tls.enableFallbackCertificate";
  const wrong = (reason: string, problem: string, fix: string): false => {
    problems.error(ref, { type: "TLSError", reason, path, message: `${problem}, so it has no effect`, fix });
    return false;
  };
  const other = incompatible(virtualhost, policy, settings.tls);
  if (other !== undefined) {
    const { field, why } = other;
    return wrong("TLSIncompatibleFeatures", why, `remove ${field} or enableFallbackCertificate`);
  }
  const ignored = (message: string): false => {
    problems.warn(ref, { type: "TLSError", reason: "IgnoredField", path, message: `${message}, so it has no effect` });
    return false;
  };
  if (hasTcp) return ignored("connections of a tcpproxy are told apart by server name");
  const { fallbackCertificate } = settings;
  if (fallbackCertificate === undefined)
    return wrong("FallbackNotPresent", "this appliance has no fallback certificate", FALLBACK_SETTING);
  const { namespace, name } = fallbackCertificate;
  if (!mayUseSecret(namespace, name, ref.namespace, read)) {
    const problem = `the fallback certificate, Secret ${namespace}/${name}, is not delegated to namespace ${ref.namespace}`;
    return wrong("FallbackNotDelegated", problem, `add a TLSCertificateDelegation in namespace ${namespace}`);
  }
  const title = `the fallback certificate, Secret ${namespace}/${name},`;
  const { pair, secret, problem: trouble } = servedPair(namespace, name, read);
  if (pair === undefined) {
    const fix =
      secret === undefined
        ? `create it with type kubernetes.io/tls in namespace ${namespace}`
        : "put a certificate and its key into tls.crt and tls.key";
    return wrong("FallbackNotValid", `${title} ${trouble}`, fix);
  }
  if (read.facts(CATCH_ALL_TABLES).length > 0)
    return ignored("an Ingress without a host has a certificate for clients that name no host here");
  if (trouble !== undefined) {
    const message = `${title} ${trouble}; ${KEPT}`;
    const fix = keptFix(namespace, pair, false);
    problems.warn(ref, { type: "TLSError", reason: "FallbackNotValid", path, message, fix });
  }
  return true;
}

const FALLBACK_SETTING = "name its Secret in routing.fallbackCertificate of binnacle.yaml";

/** What is decided about a connection before it is known whose it is, or by filters that only the host's own connections have. */
function incompatible(
  { tls, authorization, jwtProviders }: ProxyVirtualHost,
  policy: TlsPolicy,
  standard: TlsPolicy,
): { readonly field: string; readonly why: string } | undefined {
  if (tls?.passthrough === true) return { field: "passthrough", why: "TLS that is passed through is the upstream's" };
  if (tls?.clientValidation !== undefined)
    return { field: "clientValidation", why: "clients without a server name are not asked for certificates" };
  if (authorization !== undefined)
    return { field: "authorization", why: "what is authorised is asked for on the host's own connections alone" };
  if (jwtProviders.length > 0)
    return { field: "jwtProviders", why: "tokens are asked for on the host's own connections alone" };
  if (policyName(policy) !== policyName(standard))
    return { field: "the TLS versions", why: "the host has TLS versions of its own" };
  return undefined;
}
