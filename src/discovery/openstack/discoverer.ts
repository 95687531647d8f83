import { Backoff, type BackoffLimits } from "#lib/backoff.ts";
import { errorMessage } from "#lib/error-message.ts";
import { pause } from "#lib/pause.ts";
import type { Problem } from "#lib/problem.ts";
import type { DiscoveredService } from "../discovered.ts";
import type { Discoverer, DiscoveryFailure, DiscoveryReport, FailureKind } from "../discoverer.ts";
import type { Cloud, CloudProject } from "./client/cloud.ts";
import { CloudError } from "./client/cloud-error.ts";
import { type ProjectRules, readProject } from "./read-project.ts";

export interface OpenStackDiscovererOptions {
  readonly cloud: Pick<Cloud, "projects" | "list">;
  /** The namespace here of a project by its name; undefined for one that is not followed. */
  readonly teamOf: (project: string) => string | undefined;
  readonly rules: ProjectRules;
  readonly times: {
    /** Between the end of a cycle and the begin of the next, in milliseconds. */
    readonly interval: number;
    readonly retry: BackoffLimits;
  };
}

interface Cycle {
  readonly services: readonly DiscoveredService[];
  readonly unread: readonly string[];
  readonly problems: readonly Problem[];
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

  async run(report: DiscoveryReport, signal: AbortSignal): Promise<void> {
    const { interval, retry } = this.#options.times;
    const backoff = new Backoff(retry);
    while (!signal.aborted) {
      const began = performance.now();
      try {
        const { problems, ...set } = await this.#cycle(signal);
        if (signal.aborted) return;
        backoff.reset();
        report.full({ ...set, millis: performance.now() - began });
        report.problems(problems);
        await pause(interval, signal);
      } catch (error) {
        if (signal.aborted) return;
        report.failed(failureOf(error));
        await pause(backoff.next(), signal);
      }
    }
  }

  async #cycle(signal: AbortSignal): Promise<Cycle> {
    const { cloud, teamOf, rules } = this.#options;
    const projects = (await cloud.projects(signal)).flatMap((project) => {
      const namespace = teamOf(project.name);
      return namespace === undefined ? [] : [{ project, namespace }];
    });
    const read = await Promise.allSettled(
      projects.map(({ project, namespace }) => readProject(cloud, project, namespace, rules, signal)),
    );
    signal.throwIfAborted();
    const failures = read.flatMap((result) => (result.status === "rejected" ? [result.reason as unknown] : []));
    if (failures.length > 0 && failures.length === read.length) throw failures[0];
    return {
      services: read.flatMap((result) => (result.status === "fulfilled" ? result.value.services : [])),
      unread: projects.flatMap(({ project }, index) => (read[index]?.status === "rejected" ? [project.id] : [])),
      problems: read.flatMap((result, index) =>
        result.status === "fulfilled" ? result.value.problems : unreadProject(projects[index]?.project, result.reason),
      ),
    };
  }
}

function unreadProject(project: CloudProject | undefined, error: unknown): readonly Problem[] {
  const { message, fix } = failureOf(error);
  const words = `project ${project?.name ?? ""} cannot be read, so what was known of it goes on: ${message}`;
  return [{ severity: "error", path: "", message: words, ...(fix === undefined ? {} : { fix }) }];
}

function failureOf(error: unknown): DiscoveryFailure {
  const kind = error instanceof CloudError ? error.kind : "invalid";
  const fix = FIXES[kind];
  return { kind, message: errorMessage(error), ...(fix === undefined ? {} : { fix }) };
}

const FIXES: Partial<Record<FailureKind, string>> = {
  unreachable: "see whether the cloud's API can be reached from here",
  timeout: "see whether the cloud's API answers, or raise openstack.timeout",
  credentials: "write valid credentials into their file; they are taken without a restart",
  forbidden: "give the user the roles reader and load-balancer_observer in the project",
};
