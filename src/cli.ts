import { readFileSync } from "node:fs";
import { Stop } from "./cli/context.ts";
import { run } from "./cli/program.ts";

const stop = new AbortController();
let asked = 0;
// SIGHUP: the terminal is gone, and what was started from it is to go, too.
for (const [signal, exitCode] of Object.entries({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 })) {
  process.on(signal, () => {
    // The first asks to stop in order; who asks a third time does not want to wait for it.
    asked += 1;
    stop.abort(new Stop(exitCode));
    if (asked >= 3) process.exit(exitCode);
  });
}
let isLost = false;
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // A reader that went away (`binnacle tail | head`), or a terminal, is no error.
  if (error.code === "EPIPE" || error.code === "EIO") {
    stop.abort(new Stop(0));
    return;
  }
  if (!isLost) process.stderr.write(`binnacle: the output cannot be written: ${error.message}\n`);
  isLost = true;
  process.exitCode = 1;
});
// A log that cannot be written, on a full disk or without its reader, ends no appliance.
process.stderr.on("error", () => {});

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  version: string;
};
const code = await run(process.argv.slice(2), {
  version,
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: process.stdin,
  env: process.env,
  cwd: process.cwd(),
  signal: stop.signal,
});
if (!isLost || code !== 0) process.exitCode = code;
