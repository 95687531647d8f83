import type { ObjectsView } from "#api/ports/objects.ts";
import type { Problem } from "#lib/problem.ts";

/** Objects that have an error, and manifests of `unusable` that no object can be made of. */
export function countErrors(objects: ObjectsView, unusable: readonly Problem[]): number {
  return objects.list().filter(({ problems }) => problems.some(isError)).length + unusable.filter(isError).length;
}

function isError({ severity }: Pick<Problem, "severity">): boolean {
  return severity === "error";
}
