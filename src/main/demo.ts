import { fileURLToPath } from "node:url";
import { programs } from "../../examples/quickstart/programs.ts";
import type { Config } from "#config/config.ts";
import type { Logger } from "#lib/log.ts";
import type { BackoffSettings } from "#supervisor/backoff.ts";
import type { ChildSpec } from "#supervisor/child.ts";
import { Supervisor } from "#supervisor/supervisor.ts";

/** The folder of the quick start that `up` shows when no configuration is given. */
export const QUICKSTART = fileURLToPath(new URL("../../examples/quickstart/", import.meta.url));

/** A program that was killed stays away long enough for its alert to reach somebody, and then comes back by itself. */
const AWAY: BackoffSettings = { baseMs: 120_000, maxMs: 120_000, stableMs: 0, loopAfter: Number.MAX_SAFE_INTEGER };

/** Starts the quick start's upstream programs. They end with the supervisor that is returned. */
export async function startDemoUpstreams(directory: string, logger: Logger, signal: AbortSignal): Promise<Supervisor> {
  const demo = new Supervisor({ directory, logger, backoff: AWAY });
  const upstreams = programs.map(({ name, endpoints }): ChildSpec => ({
    ...NODE,
    name: `demo-${name}`,
    args: ["upstream.ts", name],
    ready: `http://127.0.0.1:${endpoints[0]?.port}/healthz`,
    ports: endpoints.map(({ port }) => ({
      address: "127.0.0.1",
      port,
      setting: "examples/quickstart, or start with --no-demo",
    })),
  }));
  await demo.start(upstreams, signal);
  return demo;
}

/** Starts the quick start's load on the first HTTP listener, if there is one. It ends with the supervisor that is returned. */
export async function startDemoLoad(
  config: Config,
  directory: string,
  logger: Logger,
  signal: AbortSignal,
): Promise<Supervisor> {
  const load = new Supervisor({ directory, logger });
  const http = config.listeners.find(({ protocol }) => protocol === "http");
  const args = ["load.ts", String(http?.port)];
  if (http !== undefined) {
    await load.start([{ ...NODE, name: "demo-load", args, ready: () => Promise.resolve(true) }], signal);
  }
  return load;
}

const NODE = { command: process.execPath, env: {}, cwd: QUICKSTART };
