import type { z } from "zod";
import type { Problem } from "#lib/problem.ts";
import { readObject } from "../read-object.ts";
import { allWithoutRefused, type RefuseUpstream } from "../refuse-upstream.ts";
import type { Cloud, CloudProject, Listing } from "./client/cloud.ts";
import { PlatformError } from "../platform-error.ts";
import type { FoundServices } from "../services-of-machines.ts";
import { type ServerRules, translateServers } from "./servers.ts";
import { listenerShape, loadBalancerShape, memberShape, type Pool, poolShape, serverShape } from "./shapes.ts";
import { translateLoadBalancers } from "./translate.ts";

export interface ProjectRules {
  readonly loadBalancers: boolean;
  /** Undefined: servers are not looked at. */
  readonly servers: ServerRules | undefined;
  /** Whoever may add a member to a pool may name any address. */
  readonly refuse: RefuseUpstream;
}

/** Everything that a project has. Throws PlatformError where part of it cannot be told: half of a project is none. */
export async function readProject(
  cloud: Pick<Cloud, "list">,
  project: CloudProject,
  namespace: string,
  rules: ProjectRules,
  signal: AbortSignal,
): Promise<FoundServices> {
  const problems: Problem[] = [];
  const list = async <T extends z.ZodType>(listing: Listing, shape: T): Promise<readonly z.output<T>[]> =>
    (await cloud.list(project, listing, signal)).flatMap((object) => readObject(object, listing.what, shape, problems));
  const [balanced, standing] = await Promise.all([
    rules.loadBalancers ? loadBalancers(list) : undefined,
    rules.servers === undefined ? undefined : list({ what: "servers" }, serverShape),
  ]);
  const owner = { projectId: project.id, namespace };
  const parts = [
    ...(balanced === undefined ? [] : [translateLoadBalancers({ ...owner, ...balanced })]),
    ...(standing === undefined || rules.servers === undefined
      ? []
      : [translateServers(standing, owner, rules.servers)]),
  ];
  const allowed = allWithoutRefused(
    parts.flatMap(({ services }) => services),
    rules.refuse,
  );
  return {
    services: allowed.services,
    problems: [...onceEach(problems), ...parts.flatMap((part) => part.problems), ...allowed.problems],
  };
}

/** What cannot be read is told again at a second look. */
function onceEach(problems: readonly Problem[]): Iterable<Problem> {
  return new Map(problems.map((problem) => [problem.message, problem])).values();
}

type List = <T extends z.ZodType>(listing: Listing, shape: T) => Promise<readonly z.output<T>[]>;

async function loadBalancers(list: List) {
  const [balancers, wired] = await Promise.all([list({ what: "loadbalancers" }, loadBalancerShape), wiring(list)]);
  return { loadBalancers: balancers, ...wired };
}

/**
 * Listeners with the pools that they lead to. Each listing is of another moment: where a listener names a pool that is not there, it
 * was turned to that one in between, and would have no endpoints until the next cycle. So then it is looked once more.
 */
async function wiring(list: List, looks = 2) {
  const [listeners, pools] = await Promise.all([
    list({ what: "listeners" }, listenerShape),
    list({ what: "pools" }, poolShape),
  ]);
  const wanted = new Set(listeners.flatMap(({ default_pool_id }) => default_pool_id ?? []));
  const used = pools.filter(({ id }) => wanted.has(id));
  const filled = (await Promise.all(used.map((pool) => membersOf(pool, list)))).flat();
  if (filled.length < wanted.size && looks > 1) return await wiring(list, looks - 1);
  return { listeners, pools: filled };
}

/** A pool that went since pools were listed is one that is not there. */
async function membersOf(pool: Pool, list: List) {
  try {
    return [{ pool, members: await list({ what: "members", pool: pool.id }, memberShape) }];
  } catch (error) {
    if (error instanceof PlatformError && error.status === 404) return [];
    throw error;
  }
}
