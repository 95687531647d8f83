import type { HttpProxy, ProxyInclude } from "#resources/httpproxy.ts";
import { formatRef, type ObjectRef, refKey } from "#resources/ref.ts";
import type { StoredObject } from "#store/object-state.ts";
import type { IrMatch } from "../ir-route.ts";
import { routeName } from "../route-name.ts";
import { type ConditionBlock, includeConditionsProblem, mergedMatch } from "./conditions.ts";
import { type PlacedRoute, placedRoutes } from "./placed-routes.ts";
import type { ProxyProblems } from "./proxy-problems.ts";

/** What would go to a proxy that cannot be included. */
export interface MissingInclude {
  readonly proxy: StoredObject<HttpProxy>;
  /** `spec.includes[3]`. */
  readonly path: string;
  readonly blocks: readonly ConditionBlock[];
}

export interface ProxyTree {
  /** A proxy's own routes, then those of its includes, each in the order in which they stand. */
  readonly routes: readonly PlacedRoute[];
  readonly missing: readonly MissingInclude[];
  /** Every proxy of the tree but the root, each once. */
  readonly included: readonly ObjectRef[];
}

/** @param find the proxy of this name, if it is one of ours */
export function proxyTree(
  root: StoredObject<HttpProxy>,
  find: (namespace: string, name: string) => StoredObject<HttpProxy> | undefined,
  problems: ProxyProblems,
): ProxyTree {
  const walk = new Walk(find, problems);
  walk.visit(root, [], [root]);
  return { routes: walk.routes, missing: walk.missing, included: [...walk.included.values()] };
}

/**
 * Two includes on each of twenty levels would be a million: a tree that somebody builds by mistake, or on purpose, must not
 * stop everybody's translation.
 */
export const MOST_INCLUDES = 5_000;

class Walk {
  #passed = 0;
  readonly routes: PlacedRoute[] = [];
  readonly missing: MissingInclude[] = [];
  readonly included = new Map<string, ObjectRef>();
  readonly #find: Parameters<typeof proxyTree>[1];
  readonly #problems: ProxyProblems;

  constructor(find: Parameters<typeof proxyTree>[1], problems: ProxyProblems) {
    this.#find = find;
    this.#problems = problems;
  }

  /** @param chain the proxies from the root to this one */
  visit(
    proxy: StoredObject<HttpProxy>,
    above: readonly ConditionBlock[],
    chain: readonly StoredObject<HttpProxy>[],
  ): void {
    for (const route of placedRoutes(proxy, above)) this.routes.push(route);
    const seen = new Map<string, number>();
    for (const [index, include] of proxy.object.spec.includes.entries()) {
      const child = this.#child(proxy, include, index, chain, seen);
      if (child === undefined) continue;
      const blocks = [...above, include.conditions];
      if (child === "missing") this.missing.push({ proxy, path: `spec.includes[${index}]`, blocks });
      else {
        this.included.set(refKey(child.ref), child.ref);
        this.visit(child, blocks, [...chain, child]);
      }
    }
  }

  /** Undefined: the include has no effect. */
  #child(
    proxy: StoredObject<HttpProxy>,
    include: ProxyInclude,
    index: number,
    chain: readonly StoredObject<HttpProxy>[],
    seen: Map<string, number>,
  ): StoredObject<HttpProxy> | "missing" | undefined {
    const path = `spec.includes[${index}]`;
    const { name, namespace = proxy.ref.namespace } = include;
    const wrong = (reason: string, message: string, fix: string): void =>
      this.#problems.error(proxy.ref, { type: "IncludeError", reason, path, message, fix });
    const problem = includeConditionsProblem(include.conditions);
    if (problem !== undefined) {
      const { type, reason } = CONDITION_REASONS[problem.kind];
      const message = `${problem.message}, so this include has no effect`;
      this.#problems.error(proxy.ref, { type, reason, path: `${path}.conditions`, message });
      return undefined;
    }
    const match = mergedMatch([include.conditions]);
    const first = isEverything(match) ? undefined : seen.get(routeName(match));
    if (first !== undefined) {
      const message = `its conditions are those of spec.includes[${first}], so it has no effect`;
      wrong("DuplicateMatchConditions", message, "give each include conditions of its own, or remove one");
      return undefined;
    }
    seen.set(routeName(match), index);
    const child = this.#find(namespace, name);
    if (child === undefined) {
      const message = `HTTPProxy ${namespace}/${name} does not exist, so what it would take is answered with 502`;
      wrong("IncludeNotFound", message, `create HTTPProxy ${name} in namespace ${namespace}, or correct the name`);
      return "missing";
    }
    if (child.object.spec.virtualhost !== undefined) {
      const message = `${formatRef(child.ref)} has a virtualhost, and a root cannot be included, so what it would take is answered with 502`;
      wrong("RootIncludesRoot", message, "remove its virtualhost, or include another proxy");
      return "missing";
    }
    if (chain.some(({ ref }) => refKey(ref) === refKey(child.ref))) {
      const circle = [...chain.map(({ ref }) => ref), child.ref].map((ref) => `${ref.namespace}/${ref.name}`);
      const message = `includes go in a circle: ${circle.join(" -> ")}; this one is answered with 502`;
      wrong("IncludeCreatesCycle", message, "remove one of these includes");
      return "missing";
    }
    this.#passed += 1;
    if (this.#passed > MOST_INCLUDES) {
      const message = `the host's tree has more than ${MOST_INCLUDES} includes, so this one is answered with 502`;
      wrong("TooManyIncludes", message, "include parts in fewer places, or join them");
      return "missing";
    }
    return child;
  }
}

/** Several parts may share all of it: what each takes of it, their own routes say (Contour: includeMatchConditionsIdentical). */
function isEverything({ path, headers, query }: IrMatch): boolean {
  return path.value === "/" && headers === undefined && query === undefined;
}

const CONDITION_REASONS = {
  path: { type: "IncludeError", reason: "PathMatchConditionsNotValid" },
  header: { type: "RouteError", reason: "HeaderMatchConditionsNotValid" },
  query: { type: "RouteError", reason: "QueryParameterMatchConditionsNotValid" },
} as const;
