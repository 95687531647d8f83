import { type Cycle, type CycleTimes, readScopes, runCycles } from "../cycles.ts";
import type { Discoverer, DiscoveryReport } from "../discoverer.ts";
import type { Fixes } from "../platform-error.ts";
import type { Cloud } from "./client/cloud.ts";
import { type NamespaceRules, needDomains, projectNamespaces, type ProjectNamespaces } from "./project-namespaces.ts";
import { type ProjectRules, readProject } from "./read-project.ts";

export interface OpenStackDiscovererOptions {
  readonly cloud: Pick<Cloud, "projects" | "withDomain" | "list">;
  readonly namespaces: NamespaceRules;
  readonly rules: ProjectRules;
  readonly times: CycleTimes;
}

/**
 * An OpenStack cloud as a platform: the load balancers and servers of the projects that the credentials reach, all of them in
 * each cycle. A project that cannot be read keeps what it had, and is that project's problem; when none can be, the cloud has failed.
 */
export class OpenStackDiscoverer implements Discoverer {
  readonly platform = "openstack";
  readonly #options: OpenStackDiscovererOptions;
  /** By namespace: the projects that have it, from the cycle before, or from what is known of an earlier run. */
  #holders: ReadonlyMap<string, ReadonlySet<string>> = new Map();

  constructor(options: OpenStackDiscovererOptions) {
    this.#options = options;
  }

  run(report: DiscoveryReport, signal: AbortSignal): Promise<void> {
    // What a server with a team of its own brings is not its project's namespace: its scope holds a dot.
    this.#holders = holdersOf(
      [...report.reported()].flatMap(({ scope, namespace }) => (scope.includes(".") ? [] : [{ namespace, id: scope }])),
    );
    return runCycles((ended) => this.#cycle(ended), this.#options.times, FIXES, report, signal);
  }

  async #cycle(signal: AbortSignal): Promise<Cycle> {
    const { cloud, rules } = this.#options;
    const { followed, problems } = await this.#projects(signal);
    const scopes = followed.map(({ project, namespace }) => {
      const read = () => readProject(cloud, project, namespace, rules, signal);
      return { id: project.id, words: `project ${project.name}`, read };
    });
    const cycle = await readScopes(scopes, FIXES, signal);
    return { ...cycle, problems: [...problems, ...cycle.problems] };
  }

  async #projects(signal: AbortSignal): Promise<ProjectNamespaces> {
    const { cloud, namespaces } = this.#options;
    const projects = await cloud.projects(signal);
    const needed = needDomains(projects, namespaces);
    const known = await Promise.all(
      projects.map(async (project) => (needed.has(project) ? await cloud.withDomain(project, signal) : project)),
    );
    const chosen = projectNamespaces(known, namespaces, this.#holders);
    this.#holders = holdersOf(chosen.followed.map(({ project: { id }, namespace }) => ({ namespace, id })));
    return chosen;
  }
}

function holdersOf(
  projects: readonly { readonly namespace: string; readonly id: string }[],
): ReadonlyMap<string, ReadonlySet<string>> {
  const groups = Map.groupBy(projects, ({ namespace }) => namespace);
  return new Map([...groups].map(([namespace, group]) => [namespace, new Set(group.map(({ id }) => id))]));
}

const FIXES: Fixes = {
  unreachable: "see whether the cloud's API can be reached from here",
  timeout: "see whether the cloud's API answers, or raise openstack.timeout",
  credentials: "write valid credentials into their file; they are taken without a restart",
  forbidden: "give the user the roles reader and load-balancer_observer in the project",
};
