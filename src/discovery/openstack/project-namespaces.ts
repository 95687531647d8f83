import { compareText } from "#lib/compare.ts";
import type { Problem } from "#lib/problem.ts";
import type { CloudProject } from "./client/cloud.ts";
import { namespaceOfProject } from "./team-of.ts";

/** `backends[].namespaces`. A project is written by its name in the form of a namespace, by its id, or as `domain/name`. */
export interface NamespaceRules {
  /** All projects when empty. */
  readonly allow: readonly string[];
  readonly deny: readonly string[];
  readonly map: Readonly<Record<string, string>>;
}

export interface ProjectNamespaces {
  /** The projects that are followed, with the namespace here of each, sorted by id. */
  readonly followed: readonly { readonly project: CloudProject; readonly namespace: string }[];
  readonly problems: readonly Problem[];
}

/** A project that wants a namespace because of its name, not of its id or domain. */
interface ByName {
  readonly project: CloudProject;
  readonly plain: string;
  readonly namespace: string;
  /** `namespaces.map` says where the name leads. */
  readonly isMapped: boolean;
}

/**
 * Whose namespace here each project is. Names of projects are their domains' to give, so two may be alike, or become so as
 * namespaces; who can make a project would then write into another team's namespace. So a name is good for one project: the one that
 * had the namespace before. The others are told of and not followed, unless `namespaces.map` names them by what nobody else can choose.
 *
 * @param holders by namespace: the ids of the projects that had it before
 */
export function projectNamespaces(
  projects: readonly CloudProject[],
  rules: NamespaceRules,
  holders: ReadonlyMap<string, ReadonlySet<string>>,
): ProjectNamespaces {
  const sorted = projects.toSorted((a, b) => compareText(a.id, b.id));
  const chosen: { project: CloudProject; namespace: string }[] = [];
  const byName: ByName[] = [];
  const problems: Problem[] = [];
  /** Who has a namespace because somebody wrote so. */
  const given = new Map<string, CloudProject>();
  for (const project of sorted.filter((one) => isFollowed(one, rules))) {
    const plain = namespaceOfProject(project.name);
    const [own] = ownKeys(project).flatMap((key) => mapped(rules, key) ?? []);
    if (own !== undefined) {
      chosen.push({ project, namespace: own });
      given.set(own, project);
    } else if (plain === "") problems.push(nameless(project));
    else {
      const target = mapped(rules, plain);
      byName.push({ project, plain, namespace: target ?? plain, isMapped: target !== undefined });
    }
  }
  const groups = [...Map.groupBy(byName, ({ plain }) => plain).values()];
  // Those of the map come first: they say that a namespace is somebody's.
  for (const group of groups.toSorted((a, b) => Number(b[0]?.isMapped) - Number(a[0]?.isMapped))) {
    const [{ namespace, isMapped }] = group as [ByName];
    const before = holders.get(namespace);
    const first = group.find(({ project }) => before?.has(project.id)) ?? (group.length === 1 ? group[0] : undefined);
    const others = group.filter((one) => one !== first);
    const owner = isMapped || (first !== undefined && before?.has(first.project.id)) ? undefined : given.get(namespace);
    if (first !== undefined && owner === undefined) {
      chosen.push({ project: first.project, namespace });
      if (isMapped) given.set(namespace, first.project);
    }
    if (owner !== undefined) problems.push(...group.map(({ project }) => taken(namespace, project, owner)));
    else if (first === undefined) problems.push(nobodys(namespace, group));
    else problems.push(...others.map(({ project }) => taken(namespace, project, first.project)));
  }
  return {
    followed: chosen.toSorted((a, b) => compareText(a.project.id, b.project.id)),
    problems: problems.toSorted((a, b) => compareText(a.message, b.message)),
  };
}

/** Whose domain has to be known by its name: those that are written with one, and those that have to be told apart. */
export function needDomains(
  projects: readonly CloudProject[],
  { allow, deny, map }: NamespaceRules,
): ReadonlySet<CloudProject> {
  const written = [...allow, ...deny, ...Object.keys(map)].filter((key) => key.includes("/"));
  const named = (project: CloudProject): boolean =>
    written.some((key) => namesOf(project).some((name) => key.endsWith(`/${name}`)));
  const alike = Map.groupBy(projects, ({ name }) => namespaceOfProject(name));
  return new Set(projects.filter((one) => named(one) || (alike.get(namespaceOfProject(one.name))?.length ?? 0) > 1));
}

function isFollowed(project: CloudProject, { allow, deny }: NamespaceRules): boolean {
  const keys = [...ownKeys(project), namespaceOfProject(project.name)];
  return !keys.some((key) => deny.includes(key)) && (allow.length === 0 || keys.some((key) => allow.includes(key)));
}

/** What no other project can be written by. */
function ownKeys(project: CloudProject): readonly string[] {
  const { id, domain } = project;
  const domains = domain === undefined ? [] : [domain.id, ...(domain.name === undefined ? [] : [domain.name])];
  return [id, ...domains.flatMap((one) => namesOf(project).map((name) => `${one}/${name}`))];
}

function namesOf({ name }: CloudProject): readonly string[] {
  return [name, namespaceOfProject(name)];
}

/** A project may be called `constructor`. */
function mapped({ map }: NamespaceRules, key: string): string | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}

/** `project shop of domain Default (8a3f…)` */
function words({ id, name, domain }: CloudProject): string {
  return `project ${name}${domain === undefined ? "" : ` of domain ${domain.name ?? domain.id}`} (${id})`;
}

function taken(namespace: string, project: CloudProject, owner: CloudProject): Problem {
  return {
    severity: "error",
    path: "",
    message: `${words(project)} would have namespace ${namespace}, which is ${words(owner)}'s: nothing of the former is taken over`,
    fix: `say by its id where it belongs: namespaces.map: {"${project.id}": …}, or leave it out: namespaces.deny: ["${project.id}"]`,
  };
}

function nobodys(namespace: string, group: readonly ByName[]): Problem {
  const names = group.map(({ project }) => words(project)).join(" and ");
  const ids = group.map(({ project }) => `"${project.id}": …`).join(", ");
  return {
    severity: "error",
    path: "",
    message: `${names} would have the same namespace ${namespace}, and none of them had it before: nothing of them is taken over`,
    fix: `say by their ids where they belong: namespaces.map: {${ids}}, or leave out who does not: namespaces.deny`,
  };
}

function nameless(project: CloudProject): Problem {
  return {
    severity: "warning",
    path: "",
    message: `${words(project)} has a name of which no namespace can be made: nothing of it is taken over`,
    fix: `say by its id where it belongs: namespaces.map: {"${project.id}": …}, or leave it out: namespaces.deny: ["${project.id}"]`,
  };
}
