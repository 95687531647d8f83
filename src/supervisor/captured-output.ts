import type { Readable } from "node:stream";
import type { LogLevel, Logger } from "#lib/log.ts";

const MAX_LINE = 4096;
const KEPT_LINES = 20;

export interface OutputBudget {
  /** So many lines are passed on in each window; the rest is counted. */
  readonly lines: number;
  readonly windowMs: number;
}

/** Lines that a child wrote, passed to our log with their level: bounded in length and number. */
export class CapturedOutput {
  readonly #logger: Logger;
  readonly #budget: OutputBudget;
  readonly #now: () => number;
  readonly #last: string[] = [];
  #windowStart = -Infinity;
  #inWindow = 0;
  #dropped = 0;

  constructor(
    logger: Logger,
    budget: OutputBudget = { lines: 200, windowMs: 10_000 },
    now: () => number = performance.now.bind(performance),
  ) {
    this.#logger = logger;
    this.#budget = budget;
    this.#now = now;
  }

  /** The newest lines, oldest first, whether they were passed on or not: what an error shows. */
  get lastLines(): readonly string[] {
    return this.#last;
  }

  /** Follows a stream to its end. A line without an end is cut, so that it cannot fill the memory. */
  follow(stream: Readable): void {
    let rest = "";
    let skipping = false;
    stream.setEncoding("utf8");
    stream.on("data", (chunk: string) => {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (!skipping) this.line(line);
        skipping = false;
      }
      if (rest.length > MAX_LINE) {
        if (!skipping) this.line(rest);
        skipping = true;
        rest = "";
      }
    });
    stream.on("end", () => {
      if (rest !== "" && !skipping) this.line(rest);
    });
    // A pipe that breaks ends the output; the process's own end is what counts.
    stream.on("error", () => {});
  }

  line(raw: string): void {
    const text = raw.trimEnd().slice(0, MAX_LINE);
    if (text === "") return;
    this.#last.push(text);
    if (this.#last.length > KEPT_LINES) this.#last.shift();
    if (this.#admit()) this.#logger[lineLevel(text)](text);
  }

  #admit(): boolean {
    const now = this.#now();
    if (now - this.#windowStart >= this.#budget.windowMs) {
      if (this.#dropped > 0) this.#logger.warn("lines of output were left out", { lines: this.#dropped });
      this.#windowStart = now;
      this.#inWindow = 0;
      this.#dropped = 0;
    }
    if (this.#inWindow >= this.#budget.lines) {
      this.#dropped += 1;
      return false;
    }
    this.#inWindow += 1;
    return true;
  }
}

const LEVEL = /\b(?:level|lvl)"?\s*[=:]\s*"?(debug|info|warn|err|crit|fatal|panic)/i;
const LEVELS: Readonly<Record<string, LogLevel>> = {
  debug: "debug",
  warn: "warn",
  err: "error",
  crit: "error",
  fatal: "error",
  panic: "error",
};

/** The level that a line states (logfmt or JSON: Prometheus, Alertmanager, Grafana); `info` if it states none. */
export function lineLevel(line: string): LogLevel {
  return LEVELS[LEVEL.exec(line)?.[1]?.toLowerCase() ?? ""] ?? "info";
}
