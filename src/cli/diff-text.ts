import type { ChangePlan, RouteChange } from "#api/ports/diff.ts";
import { formatProblem } from "#lib/problem.ts";
import { formatRef, type ObjectRef } from "#resources/ref.ts";
import { isEmptyPlan } from "../views/change-plan.ts";

/** More names of Envoy's resources than these are counted. */
const MOST_NAMES = 20;

const NOBODY = "(nobody that you see)";

/** A plan as people read it: `+` is new, `-` is gone, `~` is otherwise. */
export function planText(plan: ChangePlan): string {
  if (isEmptyPlan(plan)) return "no difference\n";
  const { objects, routes, hosts, problems, envoy } = plan;
  const sections = [
    section("objects", [
      ...objects.added.map((ref) => `+ ${formatRef(ref)}`),
      ...objects.changed.flatMap(({ ref, fields }) => [`~ ${formatRef(ref)}: ${fields.join(", ")}`]),
      ...objects.removed.map((ref) => `- ${formatRef(ref)}`),
    ]),
    section(
      "hosts that change hands",
      hosts.map(({ host, from, to }) => `~ ${host}: ${from ?? NOBODY} → ${to ?? NOBODY}`),
    ),
    section("routes", routes.flatMap(routeLines)),
    section("problems that appear", problems.appear.map(problemLine)),
    section("problems that go", problems.go.map(problemLine)),
    section(
      "sent to Envoy",
      envoy.flatMap(({ type, added, changed, removed }) => [
        ...names("+", type, added),
        ...names("~", type, changed),
        ...names("-", type, removed),
      ]),
    ),
  ];
  return sections.filter((text) => text !== "").join("\n");
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? "" : `${title}:\n${lines.map((line) => `  ${line}\n`).join("")}`;
}

function routeLines({ change, host, schemes, route, before, after }: RouteChange): string[] {
  const sign = { added: "+", removed: "-", changed: "~" }[change];
  return [
    `${sign} ${schemes.join(" and ")} ${host} ${route}`,
    ...before.map((line) => `    - ${line}`),
    ...after.map((line) => `    + ${line}`),
  ];
}

function problemLine({ ref, ...problem }: { readonly ref?: ObjectRef } & Parameters<typeof formatProblem>[0]): string {
  return `${problem.severity}: ${ref === undefined ? "" : `${formatRef(ref)}: `}${formatProblem(problem)}`;
}

function names(sign: string, type: string, all: readonly string[]): string[] {
  const shown = all.slice(0, MOST_NAMES).map((name) => `${sign} ${type} ${name}`);
  return all.length > MOST_NAMES ? [...shown, `${sign} ${all.length - MOST_NAMES} more of type ${type}`] : shown;
}
