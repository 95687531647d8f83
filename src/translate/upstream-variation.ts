import { bytesHash, canonicalJson } from "#lib/canonical.ts";
import type { ObjectRef } from "#resources/ref.ts";
import {
  clusterName,
  type IrCircuitBreaker,
  type IrCompression,
  type IrHealthCheck,
  type IrLoadBalancing,
  type IrSlowStart,
  type Millis,
  type UpstreamIdentity,
} from "./ir.ts";
import { type Need, splitUnitId, type UnitId, unitId } from "./unit.ts";

/**
 * What somebody wants of an upstream beyond what its Service says of itself. Each variation is a cluster of its own in Envoy,
 * with its own connections and health; those who want the same share it.
 */
export interface UpstreamVariation {
  readonly protocol?: "http1" | "h2" | "h2c" | "tls";
  readonly loadBalancing?: IrLoadBalancing;
  readonly slowStart?: IrSlowStart;
  /** In place of the Service's own. */
  readonly healthCheck?: IrHealthCheck;
  readonly healthPort?: number;
  readonly idleTimeout?: Millis;
  readonly compression?: IrCompression;
  readonly sni?: string;
  /** The Secret with the authorities, and the names of which the upstream has to show one. */
  readonly verify?: { readonly namespace: string; readonly secret: string; readonly names: readonly string[] };
  /** In place of the Service's own. */
  readonly circuitBreaker?: Partial<IrCircuitBreaker>;
  /** Those that take over from it, in this order, each as {@link clusterName} writes it. */
  readonly fallbacks?: readonly string[];
  /** In place of the Service's own. */
  readonly zones?: readonly string[];
  /** The ExtensionService that it is asked for; of several Services the first. It is read again here: other weights are no other cluster. */
  readonly extension?: { readonly namespace: string; readonly name: string };
}

/** The cluster of an upstream as somebody wants it, and the unit that makes it. */
export function upstreamCluster(
  upstream: UpstreamIdentity,
  variation: UpstreamVariation,
): { readonly cluster: string; readonly unit: UnitId } {
  const name = clusterName(upstream);
  if (Object.keys(variation).length === 0) return { cluster: name, unit: unitId("upstream", name) };
  const text = canonicalJson(variation);
  return { cluster: `${name}~${bytesHash(text).slice(0, 8)}`, unit: unitId("upstream", `${name} ${text}`) };
}

/** Whether a unit makes the cluster of this name, and not as its Service alone says. */
export function isVariation(unit: UnitId, cluster: string): boolean {
  const start = unitId("upstream", cluster.slice(0, Math.max(0, cluster.lastIndexOf("~"))));
  if (!unit.startsWith(`${start} `)) return false;
  const { upstream, variation } = parseUpstream(splitUnitId(unit).key);
  return upstreamCluster(upstream, variation).cluster === cluster;
}

/** How a unit of {@link upstreamCluster} is needed by an object: what its variation makes of it is that object's affair. */
export function neededBy(unit: UnitId, by: ObjectRef): Need {
  return unit.includes(" ") ? { unit, by } : unit;
}

/** Reads the key of an `upstream` unit: `backend/namespace/service/port`, `/udp` where it is UDP, then a variation. */
export function parseUpstream(key: string): {
  readonly upstream: UpstreamIdentity;
  readonly variation: UpstreamVariation;
} {
  const space = key.indexOf(" ");
  return {
    upstream: parseIdentity(space < 0 ? key : key.slice(0, space)),
    variation: space < 0 ? {} : (JSON.parse(key.slice(space + 1)) as UpstreamVariation),
  };
}

/** Reads back what {@link clusterName} writes. */
export function parseIdentity(name: string): UpstreamIdentity {
  const [backend = "", namespace = "", service = "", port = "", transport = "tcp"] = name.split("/");
  return { backend, namespace, service, port: Number(port), transport: transport === "udp" ? "udp" : "tcp" };
}
