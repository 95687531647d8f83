import assert from "node:assert/strict";
import type { SteadyLoad } from "./steady-load.ts";
import { until } from "./until.ts";

/** Some more requests have been answered than now. */
export async function more(load: SteadyLoad): Promise<void> {
  const now = load.requests;
  await until(() => load.requests > now + 20, { what: "more requests", intervalMs: 5 });
}

/** Ends a load. Throws unless it had answers, and not one but 200. */
export async function endAllGood(load: SteadyLoad): Promise<void> {
  const { 200: good = 0, ...bad } = await load.end();
  assert.deepEqual(bad, {});
  assert.ok(good > 0);
}
