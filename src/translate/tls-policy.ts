import type { IngressAnnotations } from "#resources/annotations.ts";
import type { Ingress } from "#resources/ingress.ts";
import type { StoredObject } from "#store/object-state.ts";
import { ANY_HOST } from "./ir.ts";
import type { TlsPolicy } from "./ir-listener.ts";
import type { Verdict } from "./verdict.ts";

/**
 * The TLS policy of a host: what the oldest of its Ingresses asks for, else the appliance's. The catch-all host cannot have
 * one of its own, since it has no server name by which a chain could be chosen.
 */
export function tlsPolicyOf(
  host: string,
  owned: readonly StoredObject<Ingress>[],
  annotations: ReadonlyMap<Ingress, IngressAnnotations>,
  standard: TlsPolicy,
): { policy: TlsPolicy; verdicts: readonly Verdict[] } {
  for (const { object, ref } of owned) {
    const wish = annotations.get(object);
    if (wish?.tlsMinimumVersion === undefined && wish?.tlsMaximumVersion === undefined) continue;
    const policy: TlsPolicy = {
      minimumVersion: wish.tlsMinimumVersion ?? standard.minimumVersion,
      maximumVersion: wish.tlsMaximumVersion ?? standard.maximumVersion,
    };
    const verdict = (reason: string, message: string, fix: string): Verdict => ({
      ref,
      severity: "error",
      reason,
      path: "metadata.annotations",
      message: `${message}, so the appliance's own TLS versions apply`,
      fix,
    });
    if (policy.minimumVersion > policy.maximumVersion) {
      const message = `the minimum TLS version ${policy.minimumVersion} is above the maximum ${policy.maximumVersion}`;
      return {
        policy: standard,
        verdicts: [verdict("TLSConfigNotValid", message, "lower the minimum or raise the maximum")],
      };
    }
    if (host === ANY_HOST) {
      const message = "a rule without a host has no server name to choose TLS versions by";
      return { policy: standard, verdicts: [verdict("TLSConfigNotValid", message, "name a host in the rule")] };
    }
    return { policy, verdicts: [] };
  }
  return { policy: standard, verdicts: [] };
}
