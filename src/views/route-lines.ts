import { quote } from "#lib/describe-value.ts";
import { unreachable } from "#lib/unreachable.ts";
import type { IrCluster } from "#translate/ir.ts";
import type { IrPolicies } from "#translate/ir-policies.ts";
import type { IrRedirect, IrRoute } from "#translate/ir-route.ts";
import { routeWords } from "./route-words.ts";
import { shareWords, upstreamWords } from "./upstream-words.ts";

/** What a route does with any request, a line each: where it goes first, then what happens on the way. */
export function routeLines(
  route: IrRoute,
  hostPolicies: IrPolicies | undefined,
  clusters: ReadonlyMap<string, IrCluster>,
): readonly string[] {
  const asked = (name: string): string => {
    const shares = clusters.get(name)?.shares;
    return shares === undefined ? name : `${name}, which is ${shareWords(shares)},`;
  };
  return [...actionLines(route, clusters), ...routeWords(route, hostPolicies, asked)];
}

function actionLines({ action }: IrRoute, clusters: ReadonlyMap<string, IrCluster>): readonly string[] {
  switch (action.type) {
    case "forward": {
      const sum = action.clusters.reduce((total, { weight }) => total + weight, 0);
      const share = (weight: number): number => (action.clusters.length === 1 ? 100 : (weight / sum) * 100);
      return [
        ...action.clusters.flatMap(({ name, weight }) => [
          `${Number(share(weight).toFixed(1))} % to ${name}`,
          ...notesOf(clusters.get(name)),
        ]),
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

function notesOf(cluster: IrCluster | undefined): readonly string[] {
  if (cluster === undefined) return [];
  const { upstream } = cluster;
  return upstreamWords(cluster).map((line) => `${upstream.namespace}/${upstream.service}:${upstream.port}: ${line}`);
}

function redirectLine({ status, scheme, host, port, path }: IrRedirect): string {
  const parts = [
    ...(scheme === undefined ? [] : [`scheme ${scheme}`]),
    ...(host === undefined ? [] : [`host ${host}`]),
    ...(port === undefined ? [] : [`port ${port}`]),
    ...(path === undefined ? [] : [redirectPath(path)]),
  ];
  return `redirects with ${status} to ${parts.length === 0 ? "itself" : parts.join(", ")}`;
}

function redirectPath(path: NonNullable<IrRedirect["path"]>): string {
  if (path.type === "regex") return `prefix ${path.substitution}`;
  return `${path.type === "full" ? "path" : "prefix"} ${path.value}`;
}
