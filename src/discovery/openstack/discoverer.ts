import { type Cycle, type CycleTimes, readScopes, runCycles } from "../cycles.ts";
import type { Discoverer, DiscoveryReport } from "../discoverer.ts";
import type { Fixes } from "../platform-error.ts";
import type { Cloud } from "./client/cloud.ts";
import { type ProjectRules, readProject } from "./read-project.ts";

export interface OpenStackDiscovererOptions {
  readonly cloud: Pick<Cloud, "projects" | "list">;
  /** The namespace here of a project by its name; undefined for one that is not followed. */
  readonly teamOf: (project: string) => string | undefined;
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

  constructor(options: OpenStackDiscovererOptions) {
    this.#options = options;
  }

  run(report: DiscoveryReport, signal: AbortSignal): Promise<void> {
    return runCycles((ended) => this.#cycle(ended), this.#options.times, FIXES, report, signal);
  }

  async #cycle(signal: AbortSignal): Promise<Cycle> {
    const { cloud, teamOf, rules } = this.#options;
    const scopes = (await cloud.projects(signal)).flatMap((project) => {
      const namespace = teamOf(project.name);
      if (namespace === undefined) return [];
      const read = () => readProject(cloud, project, namespace, rules, signal);
      return [{ id: project.id, words: `project ${project.name}`, read }];
    });
    return readScopes(scopes, FIXES, signal);
  }
}

const FIXES: Fixes = {
  unreachable: "see whether the cloud's API can be reached from here",
  timeout: "see whether the cloud's API answers, or raise openstack.timeout",
  credentials: "write valid credentials into their file; they are taken without a restart",
  forbidden: "give the user the roles reader and load-balancer_observer in the project",
};
