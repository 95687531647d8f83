import type { FailureKind } from "../discoverer.ts";

/** What an HTTP status that is no success means. */
export function kindOfStatus(status: number): FailureKind {
  if (status === 401) return "credentials";
  if (status === 403) return "forbidden";
  if (status === 413 || status === 429) return "throttled";
  return status >= 500 ? "server" : "invalid";
}
