import { Session } from "node:inspector/promises";
import { sep } from "node:path";

const SOURCES = `${sep}src${sep}`;

/**
 * Counts calls of our functions, and blocks in them that were run: what V8 counts for coverage (Profiler.takePreciseCoverage).
 * It is the same on every machine, however busy, in a process that inlines nothing (`--no-opt --no-maglev`). What a built-in
 * does within itself is one step.
 */
export class CountedWork {
  readonly #inspector: Session;

  private constructor(inspector: Session) {
    this.#inspector = inspector;
  }

  /** To be made before what is counted is loaded. */
  static async begin(): Promise<CountedWork> {
    const inspector = new Session();
    inspector.connect();
    await inspector.post("Profiler.enable");
    await inspector.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
    return new CountedWork(inspector);
  }

  /** How often each function and block ran since this was asked last: by file, function and place. */
  async take(): Promise<ReadonlyMap<string, number>> {
    const { result } = await this.#inspector.post("Profiler.takePreciseCoverage");
    const counts = new Map<string, number>();
    for (const { url, functions } of result) {
      if (!url.includes(SOURCES)) continue;
      for (const { functionName, ranges } of functions) {
        for (const { startOffset, count } of ranges) {
          if (count === 0) continue;
          const key = `${url.slice(url.lastIndexOf(SOURCES) + 1)} ${functionName} at ${startOffset}`;
          counts.set(key, (counts.get(key) ?? 0) + count);
        }
      }
    }
    return counts;
  }
}
