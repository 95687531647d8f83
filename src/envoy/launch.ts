import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { errorMessage } from "#lib/error-message.ts";
import { identify } from "#supervisor/process-identity.ts";
import { type EnvoyCommand, type EnvoyFlags, envoyArguments } from "./command-line.ts";
import type { RunningEnvoy } from "./running-envoys.ts";

/**
 * Envoy with hot restart asks the kernel for SIGTERM at its parent's death (prctl PR_SET_PDEATHSIG), so it must not be
 * our child: the data plane outlives the control plane. It is the child of this shell, in a session of its own, which
 * outlives us with it, says its pid and writes down how it ended, for whoever supervises it by then.
 */
const KEEPER = `exit_file=$1; shift
"$@" 3>&- &
echo "$!" >&3
exec 3>&-
wait "$!"
code=$?
echo "$code" > "$exit_file"
exit "$code"`;

/** Starts Envoy so that it outlives this process. Resolves as soon as it runs, whatever becomes of it. */
export async function launchEnvoy(
  command: EnvoyCommand,
  flags: EnvoyFlags,
  directory: string,
  logFd: number,
): Promise<RunningEnvoy> {
  const file = exitFile(directory, command);
  rmSync(file, { force: true });
  const args = ["-c", KEEPER, "envoy", file, command.binary, ...envoyArguments(command, flags)];
  const keeper = spawn("/bin/sh", args, {
    cwd: directory,
    // Nothing of our environment, which may hold secrets, is Envoy's business.
    env: {},
    detached: true,
    stdio: ["ignore", logFd, logFd, "pipe"],
  });
  keeper.unref();
  if (keeper.pid === undefined) {
    const [cause]: unknown[] = await once(keeper, "error");
    throw new Error(`Envoy cannot be started by /bin/sh: ${errorMessage(cause)}`, { cause });
  }
  const pid = Number(await text(pidPipe(keeper.stdio[3])));
  // One that has ended already is reported by whoever looks for it; no process has these ticks.
  const identity = identify(pid) ?? { pid, startTicks: -1, bootId: "" };
  return { identity, command };
}

/** How an Envoy ended; undefined while it runs, and when the shell that kept it was killed with it. */
export function exitWords(directory: string, command: EnvoyCommand): string | undefined {
  let code: number;
  try {
    code = Number.parseInt(readFileSync(exitFile(directory, command), "utf8"), 10);
  } catch {
    return undefined;
  }
  if (Number.isNaN(code)) return undefined;
  // A shell reports an end by signal N as 128 + N.
  const signal = Object.entries(constants.signals).find(([, number]) => number === code - 128)?.[0];
  return signal === undefined ? `exited with code ${code}` : `was ended by ${signal}`;
}

function exitFile(directory: string, { baseId, epoch }: EnvoyCommand): string {
  return join(directory, `exit-${baseId}-${epoch}`);
}

function pidPipe(stream: unknown): Readable {
  if (stream instanceof Readable) return stream;
  throw new Error("the pipe for Envoy's pid is missing");
}
