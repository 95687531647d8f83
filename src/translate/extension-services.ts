import type { ExtensionService } from "#resources/extension-service.ts";
import { resolveServicePort } from "./backend.ts";
import type { IrShare } from "./ir.ts";
import type { Reader } from "./unit.ts";

export interface ExtensionServices {
  /** Those that are asked, in the order of the object, each upstream once. Empty: nobody can be asked. */
  readonly shares: readonly IrShare[];
  readonly missing: readonly MissingService[];
}

export interface MissingService {
  /** In `spec.services`. */
  readonly index: number;
  readonly message: string;
  readonly fix: string;
}

export const CANNOT_BE_ASKED = "so it cannot be asked";

/**
 * Whom an ExtensionService asks, and how much: without any weight all the same; where some have one, those without are asked
 * nothing, also when the others are missing (Contour: ServiceCluster.Rebalance). What a missing one would get goes to the others.
 *
 * @param effect what it means when all of them are missing
 */
export function extensionServices(
  { metadata: { namespace }, spec: { services } }: ExtensionService,
  read: Reader,
  effect = CANNOT_BE_ASKED,
): ExtensionServices {
  const isWeighted = services.some(({ weight = 0 }) => weight > 0);
  const shares = new Map<string, IrShare>();
  for (const { name, port, weight = 0 } of services) {
    const found = resolveServicePort(namespace, name, port, "tcp", read);
    if ("problem" in found || (isWeighted && weight === 0)) continue;
    const { cluster, upstream } = found;
    const more = isWeighted ? weight : 1;
    shares.set(cluster, { upstream, weight: (shares.get(cluster)?.weight ?? 0) + more });
  }
  const then = shares.size === 0 ? effect : "so the others are asked in its place";
  return {
    shares: withinBounds([...shares.values()]),
    missing: services.flatMap(({ name, port }, index) => {
      const found = resolveServicePort(namespace, name, port, "tcp", read, then);
      if (!("problem" in found)) return [];
      const { message, fix = "" } = found.problem;
      return [{ index, message, fix }];
    }),
  };
}

/** What Envoy's weights of one priority may come to together (LocalityLbEndpoints.load_balancing_weight). */
const MOST_WEIGHT = 2 ** 32 - 1;

function withinBounds(shares: readonly IrShare[]): readonly IrShare[] {
  const sum = shares.reduce((total, { weight }) => total + weight, 0);
  if (sum <= MOST_WEIGHT) return shares;
  // Each is at least 1: what rounding up adds is left out of the bound.
  const scale = sum / (MOST_WEIGHT - shares.length);
  return shares.map(({ upstream, weight }) => ({ upstream, weight: Math.max(1, Math.floor(weight / scale)) }));
}
