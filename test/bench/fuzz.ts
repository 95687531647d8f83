import { errorMessage } from "#lib/error-message.ts";
import { tryRandomProxies } from "../integration/support/proxy-trial.ts";
import { atMost, type Report } from "./report.ts";

const SEEDS = 10_000;
/** Broken promises that are told in full. */
const TOLD = 5;

/** The worlds of `npm test -- routing-fuzz`, a hundred times as many. */
export function run(report: Report): Promise<void> {
  const started = performance.now();
  const broken: string[] = [];
  for (let seed = 1; seed <= SEEDS; seed++) {
    try {
      tryRandomProxies(seed);
    } catch (error) {
      broken.push(`seed ${seed}: ${errorMessage(error)}`);
    }
  }
  for (const words of broken.slice(0, TOLD)) process.stderr.write(`${words}\n`);
  report(atMost(`worlds of random proxies, of ${SEEDS}, that break a promise`, broken.length, "worlds", 0));
  report({ name: "a world", value: (performance.now() - started) / SEEDS, unit: "ms" });
  return Promise.resolve();
}
