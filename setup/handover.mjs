// From set-up to the program: same terminal, same signals, same exit.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";

/** True when Ctrl-C on a terminal reaches the whole process group, our child too: forwarding would be a second one. */
export function inForeground(stat = readFileSync("/proc/self/stat", "utf8")) {
  const [, , group, , terminal, foreground] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return terminal !== "0" && group === foreground;
}

/** `npm run` that is killed outright takes the shell between us along, but not us: then the program is told to stop. */
function stopWithNpm(child) {
  if (!process.env.npm_lifecycle_event || process.ppid === 1) return;
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    child.kill("SIGTERM");
  }, 1000);
}

/** Runs the program and ends as it ends. Does not return. */
export function handOver(program, args, env) {
  const child = spawn(program, args, { stdio: "inherit", env });
  const fromTerminal = { SIGINT: true, SIGQUIT: true, SIGHUP: true, SIGTERM: false };
  for (const [signal, shared] of Object.entries(fromTerminal)) {
    process.on(signal, () => {
      if (!(shared && inForeground())) child.kill(signal);
    });
  }
  stopWithNpm(child);
  child.on("error", (error) => {
    process.stderr.write(`binnacle: cannot start ${program}: ${error.message}\n`);
    process.exit(126);
  });
  child.on("exit", (code, signal) => {
    if (!signal) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
