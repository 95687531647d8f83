import type { ExtensionService } from "#resources/extension-service.ts";
import { authoritiesOf } from "./certificate-authority.ts";
import type { ExtensionProblem } from "./extension-problem.ts";
import { CANNOT_BE_ASKED, extensionServices } from "./extension-services.ts";
import { bounded } from "./httpproxy/bounded.ts";
import { timeLimit } from "./httpproxy/times.ts";
import { usableSecret } from "./delegation.ts";
import type { Reader, UnitId } from "./unit.ts";
import { upstreamCluster, type UpstreamVariation } from "./upstream-variation.ts";

/** An ExtensionService as Envoy asks it. */
export interface Extension {
  readonly cluster: string;
  readonly unit: UnitId;
  /** What it is called when it is asked: a cluster's own name is no authority (RFC 3986 §3.2). */
  readonly authority: string;
  readonly object: ExtensionService;
}

/** HTTP/2 over TLS is what Contour takes where nothing is said. */
const PROTOCOLS = { "http/1.1": "http1", h2: "h2", h2c: "h2c" } as const;

/** Finds the ExtensionService and the cluster that stands for all its Services, or says why it cannot be asked. */
export function extensionCluster(
  namespace: string,
  name: string,
  read: Reader,
): Extension | { readonly problem: string } {
  const object = read.get("ExtensionService", namespace, name)?.object;
  if (object === undefined) return { problem: `ExtensionService ${namespace}/${name} does not exist` };
  const { extension, problems } = readExtension(object, read);
  if (extension !== undefined) return extension;
  const errors = problems.filter(({ severity }) => severity === "error");
  return { problem: errors.map(({ message }) => message).join("; ") };
}

/**
 * Without `extension` it cannot be asked, and there is an error that says why.
 *
 * @param effect what that means
 */
export function readExtension(
  object: ExtensionService,
  read: Reader,
  effect = CANNOT_BE_ASKED,
): { readonly extension: Extension | undefined; readonly problems: readonly ExtensionProblem[] } {
  const { metadata, spec } = object;
  const { shares, missing } = extensionServices(object, read, effect);
  const problems: ExtensionProblem[] = missing.map(({ index, message, fix }) => ({
    severity: "error",
    type: "ServiceError",
    reason: "ServiceUnresolvedReference",
    path: `spec.services[${index}]`,
    message,
    fix,
  }));
  const { strategy } = spec.loadBalancerPolicy ?? {};
  if (strategy === "Cookie" || strategy === "RequestHash") {
    const message = "what it is asked with has nothing to hash, so its strategy is RoundRobin";
    problems.push(ignored("spec.loadBalancerPolicy.strategy", message));
  }
  if (timeLimit(spec.timeoutPolicy?.idle) !== undefined)
    problems.push(ignored("spec.timeoutPolicy.idle", "it is passed over: response is the limit"));
  const protocol = extensionProtocol(object);
  const verify = verification(object, protocol === "h2", effect, read);
  if (verify !== undefined && "message" in verify) problems.push(verify);
  const [first] = shares;
  if (first === undefined || (verify !== undefined && "message" in verify)) return { extension: undefined, problems };
  const idleTimeout = timeLimit(spec.timeoutPolicy?.idleConnection);
  const limits = extensionLimits(object);
  const { namespace, name } = metadata;
  const variation: UpstreamVariation = {
    protocol,
    ...(idleTimeout === undefined ? {} : { idleTimeout }),
    ...(strategy === "WeightedLeastRequest" ? { loadBalancing: "leastRequest" } : {}),
    ...(strategy === "Random" ? { loadBalancing: "random" } : {}),
    ...(verify === undefined ? {} : { verify }),
    ...(Object.keys(limits).length === 0 ? {} : { circuitBreaker: limits }),
    extension: { namespace, name },
  };
  const authority = `${first.upstream.service}.${namespace}`;
  return { extension: { ...upstreamCluster(first.upstream, variation), authority, object }, problems };
}

function ignored(path: string, message: string): ExtensionProblem {
  return { severity: "warning", type: "SpecError", reason: "IgnoredField", path, message };
}

/** How it is asked, whatever its Services say of themselves. */
export function extensionProtocol({ spec }: ExtensionService): (typeof PROTOCOLS)[keyof typeof PROTOCOLS] {
  return PROTOCOLS[spec.protocol ?? "h2"];
}

/** Contour: 0 is what stands without it, here what the Service says. */
export function extensionLimits({ spec }: ExtensionService): NonNullable<UpstreamVariation["circuitBreaker"]> {
  const given = Object.entries(spec.circuitBreakerPolicy ?? {});
  return Object.fromEntries(given.flatMap(([name, limit]) => (limit === 0 ? [] : [[name, bounded(limit)]])));
}

function verification(
  { metadata, spec: { validation } }: ExtensionService,
  tls: boolean,
  effect: string,
  read: Reader,
): NonNullable<UpstreamVariation["verify"]> | ExtensionProblem | undefined {
  if (validation === undefined) return undefined;
  const refused = (problem: Omit<ExtensionProblem, "severity">): ExtensionProblem => ({
    severity: "error",
    ...problem,
    message: `${problem.message}, ${effect}`,
  });
  if (!tls)
    return refused({
      type: "SpecError",
      reason: "InconsistentProtocol",
      path: "spec.protocol",
      message: "its certificate is to be verified, and its protocol is not h2",
      fix: "set protocol: h2, or remove validation",
    });
  const path = "spec.validation.caSecret";
  const found = usableSecret(validation.caSecret, metadata.namespace, read);
  if ("refused" in found) {
    const named = `Secret ${found.namespace}/${found.name}`;
    return found.refused === "notFound"
      ? refused({
          type: "SpecError",
          reason: "TLSUpstreamValidation",
          path,
          message: `${named} does not exist`,
          fix: "create it with the authorities under ca.crt, or correct the name",
        })
      : refused({
          type: "TLSError",
          reason: "CACertificateNotDelegated",
          path,
          message: `${named} is not delegated to namespace ${metadata.namespace}`,
          fix: `name it in a TLSCertificateDelegation in namespace ${found.namespace}`,
        });
  }
  const authorities = authoritiesOf(found.secret);
  const { namespace, name: secret } = found.secret.metadata;
  if ("problem" in authorities) {
    const message = `Secret ${namespace}/${secret} cannot be used: ${authorities.problem}`;
    return refused({ type: "SpecError", reason: "TLSUpstreamValidation", path, message, fix: "correct its ca.crt" });
  }
  return { namespace, secret, names: validation.subjectNames ?? [validation.subjectName] };
}
