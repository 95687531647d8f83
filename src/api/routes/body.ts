import type { z } from "zod";
import { ApiProblem } from "../api-problem.ts";

/** A JSON body in its expected shape. Throws 400 that names every field that is not. */
export function parseBody<T>(schema: z.ZodType<T>, body: unknown): T {
  if (body === undefined) {
    throw new ApiProblem(415, "No JSON body", "the request has no body of type application/json", "send one");
  }
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const words = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "body"}: ${message}`);
  throw new ApiProblem(400, "Bad body", words.join("; "), "correct the fields named");
}
