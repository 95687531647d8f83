import type { ExtensionService } from "#resources/extension-service.ts";
import type { StoredObject } from "#store/object-state.ts";
import { resolveServicePort } from "./backend.ts";
import { authoritiesOf } from "./certificate-authority.ts";
import { bounded } from "./httpproxy/bounded.ts";
import { timeLimit } from "./httpproxy/times.ts";
import { usableSecret } from "./delegation.ts";
import type { Reader, UnitId } from "./unit.ts";
import { upstreamCluster, type UpstreamVariation } from "./upstream-variation.ts";

/** An ExtensionService as Envoy asks it, or why it cannot be asked. */
export type Extension =
  | {
      readonly cluster: string;
      readonly unit: UnitId;
      /** What it is called when it is asked: a cluster's own name is no authority (RFC 3986 §3.2). */
      readonly authority: string;
      readonly object: ExtensionService;
      /** What of it is passed over, in words. */
      readonly ignored: readonly string[];
    }
  | { readonly problem: string };

/** HTTP/2 over TLS is what Contour takes where nothing is said. */
const PROTOCOLS = { "http/1.1": "http1", h2: "h2", h2c: "h2c" } as const;

/** Finds the ExtensionService and the cluster that stands for it: of several services, the first. */
export function extensionCluster(namespace: string, name: string, read: Reader): Extension {
  const stored: StoredObject<ExtensionService> | undefined = read.get("ExtensionService", namespace, name);
  if (stored === undefined) return { problem: `ExtensionService ${namespace}/${name} does not exist` };
  const { spec } = stored.object;
  const [service, ...others] = spec.services;
  if (service === undefined) return { problem: `ExtensionService ${namespace}/${name} names no service` };
  const resolved = resolveServicePort(namespace, service.name, service.port, "tcp", read, "so it cannot be asked");
  if ("problem" in resolved) return { problem: resolved.problem.message };
  const protocol = PROTOCOLS[spec.protocol ?? "h2"];
  const verify = verification(stored.object, protocol === "h2", read);
  if (verify !== undefined && "problem" in verify) return verify;
  const { strategy } = spec.loadBalancerPolicy ?? {};
  const idleTimeout = timeLimit(spec.timeoutPolicy?.idleConnection);
  const variation: UpstreamVariation = {
    protocol,
    ...(idleTimeout === undefined ? {} : { idleTimeout }),
    ...(strategy === "WeightedLeastRequest" ? { loadBalancing: "leastRequest" } : {}),
    ...(strategy === "Random" ? { loadBalancing: "random" } : {}),
    ...(verify === undefined ? {} : { verify }),
    ...limits(spec.circuitBreakerPolicy),
  };
  const asksHash = strategy === "Cookie" || strategy === "RequestHash";
  const ignored = [
    ...(others.length === 0 ? [] : [`of its services only ${service.name} is asked`]),
    ...(asksHash ? ["what it is asked with has nothing to hash, so its strategy is RoundRobin"] : []),
    ...(timeLimit(spec.timeoutPolicy?.idle) === undefined
      ? []
      : ["its timeoutPolicy.idle is passed over: response is the limit"]),
  ];
  const authority = `${service.name}.${namespace}`;
  return { ...upstreamCluster(resolved.upstream, variation), authority, object: stored.object, ignored };
}

/** Contour: 0 is what stands without it, here what the Service says. */
function limits(policy: ExtensionService["spec"]["circuitBreakerPolicy"]): Pick<UpstreamVariation, "circuitBreaker"> {
  const given = Object.entries(policy ?? {}).flatMap(([name, limit]) => (limit === 0 ? [] : [[name, bounded(limit)]]));
  return given.length === 0 ? {} : { circuitBreaker: Object.fromEntries(given) };
}

function verification(
  { metadata, spec: { validation } }: ExtensionService,
  tls: boolean,
  read: Reader,
): NonNullable<UpstreamVariation["verify"]> | { readonly problem: string } | undefined {
  if (validation === undefined) return undefined;
  if (!tls) return { problem: "its certificate is to be verified, and its protocol is not h2" };
  const found = usableSecret(validation.caSecret, metadata.namespace, read);
  if ("refused" in found) {
    const why = found.refused === "notFound" ? "does not exist" : `is not delegated to namespace ${metadata.namespace}`;
    return { problem: `Secret ${found.namespace}/${found.name} ${why}` };
  }
  const authorities = authoritiesOf(found.secret);
  const { namespace, name: secret } = found.secret.metadata;
  if ("problem" in authorities)
    return { problem: `Secret ${namespace}/${secret} cannot be used: ${authorities.problem}` };
  return { namespace, secret, names: validation.subjectNames ?? [validation.subjectName] };
}
