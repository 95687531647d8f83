import { writeSync } from "node:fs";
import { createLogger, type Logger } from "#lib/log.ts";

/** Lines on standard output, which is a file. */
export function outputLog(room: string): Logger {
  return createLogger({ level: "info", format: "text", write }, room);
}

/** A disk that is full takes the lines, not the process. */
function write(line: string): void {
  try {
    writeSync(1, `${line}\n`);
  } catch {
    // There is nowhere else to say it.
  }
}
