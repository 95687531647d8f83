import { compareText } from "#lib/compare.ts";
import { unreachable } from "#lib/unreachable.ts";
import { compareConditions } from "./condition-order.ts";
import type { IrMatch, IrPathMatch, IrRoute } from "./ir-route.ts";

/**
 * The order of a virtual host's routes; the first that matches wins. Exact paths, then regular expressions, then prefixes,
 * the longer before the shorter (Kubernetes: Ingress "Multiple matches"), whole path elements before a text; of the same path,
 * one for a method first, then by how many headers and query parameters are asked for (Contour: request routing), then the
 * narrower condition. No rule depends on the order in which anything was written.
 */
export function comparePrecedence(a: IrRoute, b: IrRoute): number {
  return (
    rank(a.match.path) - rank(b.match.path) ||
    b.match.path.value.length - a.match.path.value.length ||
    comparePathText(a.match.path, b.match.path) ||
    Number(a.match.path.type === "textPrefix") - Number(b.match.path.type === "textPrefix") ||
    Number(asksForMethod(b.match)) - Number(asksForMethod(a.match)) ||
    (b.match.headers?.length ?? 0) - (a.match.headers?.length ?? 0) ||
    (b.match.query?.length ?? 0) - (a.match.query?.length ?? 0) ||
    compareConditions(a.match, b.match) ||
    compareText(a.name, b.name)
  );
}

/** Of two expressions as long as each other the later text is first, as in Contour: letters stand behind most of what means any. */
function comparePathText(a: IrPathMatch, b: IrPathMatch): number {
  const order = compareText(a.value, b.value);
  return a.type === "regex" ? -order : order;
}

function rank({ type }: IrPathMatch): number {
  switch (type) {
    case "exact":
      return 0;
    case "regex":
      return 1;
    case "prefix":
    case "textPrefix":
      return 2;
    default:
      return unreachable(type);
  }
}

function asksForMethod({ headers = [] }: IrMatch): boolean {
  return headers.some(({ name, not }) => name === ":method" && not !== true);
}
