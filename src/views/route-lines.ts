import { quote } from "#lib/describe-value.ts";
import { unreachable } from "#lib/unreachable.ts";
import type { IrPolicies } from "#translate/ir-policies.ts";
import type { IrRedirect, IrRoute } from "#translate/ir-route.ts";
import { routeWords } from "./route-words.ts";

/** What a route does with any request, a line each: where it goes first, then what happens on the way. */
export function routeLines(route: IrRoute, hostPolicies: IrPolicies | undefined): readonly string[] {
  return [...actionLines(route), ...routeWords(route, hostPolicies, (name) => name)];
}

function actionLines({ action }: IrRoute): readonly string[] {
  switch (action.type) {
    case "forward": {
      const sum = action.clusters.reduce((total, { weight }) => total + weight, 0);
      const share = (weight: number): number => (action.clusters.length === 1 ? 100 : (weight / sum) * 100);
      return [
        ...action.clusters.map(({ name, weight }) => `${Number(share(weight).toFixed(1))} % to ${name}`),
        ...(action.mirrors ?? []).map(({ cluster, percent }) => `copies of ${percent} % to ${cluster}`),
      ];
    }
    case "redirect":
      return [redirectLine(action)];
    case "respond":
      return [`answers ${action.status}${action.body === "" ? "" : ` with ${quote(action.body.trim())}`}`];
    default:
      return unreachable(action);
  }
}

function redirectLine({ status, scheme, host, port, path }: IrRedirect): string {
  const parts = [
    ...(scheme === undefined ? [] : [`scheme ${scheme}`]),
    ...(host === undefined ? [] : [`host ${host}`]),
    ...(port === undefined ? [] : [`port ${port}`]),
    ...(path === undefined ? [] : [`${path.type === "full" ? "path" : "prefix"} ${path.value}`]),
  ];
  return `redirects with ${status} to ${parts.length === 0 ? "itself" : parts.join(", ")}`;
}
