import { parseDuration } from "#lib/duration.ts";
import type { ProxyService } from "#resources/httpproxy.ts";
import { authoritiesOf } from "../certificate-authority.ts";
import { usableSecret } from "../delegation.ts";
import type { IrLoadBalancing } from "../ir.ts";
import type { UpstreamVariation } from "../upstream-variation.ts";
import { complain, type RouteContext } from "./route-context.ts";

/** A slow start is for policies that give endpoints a share (Envoy: round robin and least request). */
export function slowStart(
  { slowStartPolicy: policy }: ProxyService,
  loadBalancing: IrLoadBalancing | undefined,
  field: string,
  context: RouteContext,
): Pick<UpstreamVariation, "slowStart"> {
  if (policy === undefined) return {};
  const window = parseDuration(policy.window) ?? 0;
  const aggression = Number(policy.aggression);
  const wrong = (message: string, fix: string): Pick<UpstreamVariation, "slowStart"> => {
    const words = { type: "ServiceError", reason: "SlowStartInvalid", message, fix } as const;
    complain(context, "error", `${field}.slowStartPolicy`, words);
    return {};
  };
  if (loadBalancing === "random" || loadBalancing === "ringHash") {
    const message = "new endpoints start slowly with RoundRobin and WeightedLeastRequest alone, so these do not";
    return wrong(message, "remove slowStartPolicy, or choose one of the two strategies");
  }
  if (window === 0 || aggression === 0) {
    const message = "a slow start needs a window and an aggression above 0, so there is none";
    return wrong(message, "give both a value");
  }
  return { slowStart: { window, aggression, minimumPercent: policy.minWeightPercent } };
}

/** Who vouches for a service. `refused`: it cannot be verified as it is asked for, and so is not sent to. */
export function verification(
  { validation }: Pick<ProxyService, "validation">,
  tls: boolean,
  field: string,
  context: RouteContext,
): NonNullable<UpstreamVariation["verify"]> | undefined | "refused" {
  if (validation === undefined) return undefined;
  const { ref, read } = context;
  const wrong = (reason: string, message: string, fix: string): "refused" => {
    const words = `${message}, so this service gets no requests`;
    const type = reason === "CACertificateNotDelegated" ? "TLSError" : "ServiceError";
    complain(context, "error", `${field}.validation`, { type, reason, message: words, fix });
    return "refused";
  };
  if (!tls) {
    const fix =
      ref.kind === "IngressRoute"
        ? "annotate the Service with projectcontour.io/upstream-protocol.tls, or remove validation"
        : "set protocol: tls or h2, or remove validation";
    return wrong("TLSUpstreamValidation", "its certificate is to be verified, and it is spoken to without TLS", fix);
  }
  const found = usableSecret(validation.caSecret, ref.namespace, read);
  if ("refused" in found) {
    const { namespace, name } = found;
    if (found.refused === "notFound") {
      const message = `Secret ${namespace}/${name} does not exist`;
      return wrong("TLSUpstreamValidation", message, `create it with ca.crt in namespace ${namespace}`);
    }
    const message = `Secret ${namespace}/${name} is not delegated to namespace ${ref.namespace}`;
    return wrong("CACertificateNotDelegated", message, `add a TLSCertificateDelegation in namespace ${namespace}`);
  }
  const authorities = authoritiesOf(found.secret);
  const { namespace, name: secret } = found.secret.metadata;
  if ("problem" in authorities) {
    const message = `Secret ${namespace}/${secret} cannot be used: ${authorities.problem}`;
    return wrong("TLSUpstreamValidation", message, "put the authorities' certificates into ca.crt");
  }
  return { namespace, secret, names: validation.subjectNames ?? [validation.subjectName] };
}
