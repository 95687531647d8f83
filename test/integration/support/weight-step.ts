import assert from "node:assert/strict";
import type { Answers, AnswerShares } from "./answer-shares.ts";
import { until } from "./until.ts";

/** A manifest with other weights, as many as it has, in its order. */
export function withWeights(manifest: string, weights: readonly number[]): string {
  const left = [...weights];
  const changed = manifest.replaceAll(/\bweight: \d+/g, () => `weight: ${left.shift()}`);
  assert.ok(left.length === 0 && !changed.includes("undefined"), `not ${weights.length} weights:\n${manifest}`);
  return changed;
}

/** Percent by body of the answers. */
export type Shares = Readonly<Record<string, number>>;

/** Answers that are looked at to see whether a step is in effect, and how far their shares may be off by chance. */
const LOOK = { count: 300, points: 12 };
/** What is counted then; by chance alone one count in 15,000 of even shares is off by more. */
const COUNT = { count: 10_000, points: 2 };

/**
 * Takes a step of weights under load: it is seen in the answers, and then 10,000 of them have the shares within 2 points, those with 0
 * percent none at all. Returns what was counted, and milliseconds from the step until as many answers as show it were there.
 */
export async function takeStep(
  load: AnswerShares,
  shares: Shares,
  step: () => void | Promise<void>,
): Promise<{ readonly answers: Answers; readonly milliseconds: number }> {
  const began = performance.now();
  await step();
  await until(() => load.next(LOOK.count), {
    accept: (answers) => areNear(answers, shares, LOOK.points),
    what: `shares of ${JSON.stringify(shares)}`,
    intervalMs: 1,
  });
  const milliseconds = performance.now() - began;
  const answers = await load.next(COUNT.count);
  assert.ok(
    areNear(answers, shares, COUNT.points),
    `expected shares of ${JSON.stringify(shares)} percent, counted ${JSON.stringify(answers)}`,
  );
  return { answers, milliseconds };
}

function areNear(answers: Answers, shares: Shares, points: number): boolean {
  const total = Object.values(answers).reduce((sum, count) => sum + count, 0);
  const bodies = new Set([...Object.keys(answers), ...Object.keys(shares)]);
  return [...bodies].every((body) => {
    const wanted = shares[body] ?? 0;
    const found = (100 * (answers[body] ?? 0)) / total;
    return wanted === 0 || wanted === 100 ? found === wanted : Math.abs(found - wanted) <= points;
  });
}
