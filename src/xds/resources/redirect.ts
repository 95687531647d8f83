import { unreachable } from "#lib/unreachable.ts";
import {
  RedirectAction,
  RedirectAction_RedirectResponseCode as Code,
} from "#proto/envoy/config/route/v3/route_components.ts";
import type { IrRedirect } from "#translate/ir-route.ts";

/** @param host of the virtual host */
export function redirectAction(ir: IrRedirect, host: string): RedirectAction {
  return RedirectAction.fromPartial({
    ...(ir.scheme === undefined ? {} : { schemeRewriteSpecifier: { $case: "schemeRedirect", value: ir.scheme } }),
    ...redirectTarget(ir, host),
    ...(ir.path === undefined ? {} : { pathRewriteSpecifier: pathOf(ir.path) }),
    responseCode: CODES[ir.status],
  });
}

/**
 * Where a redirect leads. Without a port of its own the request's must not stay with another scheme (`shop.test:8080`), and
 * Envoy writes the scheme's own out where it is told the port: a host that is one name is told by that name instead.
 */
function redirectTarget(
  { scheme, host, port }: IrRedirect,
  ownHost: string,
): { hostRedirect?: string; portRedirect?: number } {
  const told = {
    ...(host === undefined ? {} : { hostRedirect: host }),
    ...(port === undefined ? {} : { portRedirect: port }),
  };
  if (scheme === undefined || host !== undefined || port !== undefined) return told;
  if (!ownHost.startsWith("*")) return { hostRedirect: ownHost };
  return { portRedirect: scheme === "https" ? 443 : 80 };
}

function pathOf(path: NonNullable<IrRedirect["path"]>): RedirectAction["pathRewriteSpecifier"] {
  switch (path.type) {
    case "full":
      return { $case: "pathRedirect", value: path.value };
    case "prefix":
      return { $case: "prefixRewrite", value: path.value };
    case "regex": {
      const { pattern: regex, substitution } = path;
      return { $case: "regexRewrite", value: { pattern: { regex, engineType: undefined }, substitution } };
    }
    default:
      return unreachable(path);
  }
}

const CODES = {
  301: Code.MOVED_PERMANENTLY,
  302: Code.FOUND,
  303: Code.SEE_OTHER,
  307: Code.TEMPORARY_REDIRECT,
  308: Code.PERMANENT_REDIRECT,
} as const satisfies Record<IrRedirect["status"], RedirectAction["responseCode"]>;
