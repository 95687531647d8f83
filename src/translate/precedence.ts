import { compareText } from "#lib/compare.ts";
import type { IrMatch, IrRoute } from "./ir.ts";

/**
 * The order of a virtual host's routes; the first that matches wins. Exact before prefix, the longer path before the
 * shorter (Kubernetes: Ingress "Multiple matches"). No rule depends on the order in which anything was written.
 */
export function comparePrecedence(a: IrRoute, b: IrRoute): number {
  return (
    rank(a.match) - rank(b.match) ||
    b.match.path.value.length - a.match.path.value.length ||
    compareText(a.match.path.value, b.match.path.value) ||
    compareText(a.name, b.name)
  );
}

function rank({ path }: IrMatch): number {
  return path.type === "exact" ? 0 : 1;
}
