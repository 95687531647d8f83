import type { z } from "zod";
import type { Problem } from "#lib/problem.ts";

/** An object of a cloud's API in its shape; one of another form is told of and left out. `what`: `servers`. */
export function readObject<T extends z.ZodType>(
  object: Readonly<Record<string, unknown>>,
  what: string,
  shape: T,
  problems: Problem[],
): readonly z.output<T>[] {
  const parsed = shape.safeParse(object);
  if (parsed.success) return [parsed.data];
  const [issue] = parsed.error.issues;
  const message = `one of the ${what} (${String(object["id"])}) cannot be read: ${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`;
  problems.push({
    severity: "error",
    path: "",
    message,
    fix: "see whether this cloud's API is of a version that is known here",
  });
  return [];
}
