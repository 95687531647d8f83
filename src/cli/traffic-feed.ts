import { once } from "node:events";
import { WebSocket } from "ws";
import { FILTER_FIELDS, filterFromPairs, type FilterPair } from "#api/traffic-filter.ts";
import { formatProblem } from "#lib/problem.ts";
import type { ServerMessage, SubscribeMessage, TrafficFilter } from "#traffic/messages.ts";
import { type CliContext, CommandError, UsageError } from "./context.ts";
import { reachApi, type ReachFlags } from "./reach-api.ts";

/** Flags named after the filter's fields, in commander's camelCase; each a list. */
export type FilterFlags = Readonly<Record<string, unknown>>;

/** The filter that the flags mean. Throws with everything in them that is not understood. */
export function filterOf(flags: FilterFlags): TrafficFilter {
  const pairs = FILTER_FIELDS.flatMap(({ name }): FilterPair[] => {
    const values = flags[name.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase())];
    return Array.isArray(values) ? values.map((value): FilterPair => [name, String(value)]) : [];
  });
  const { filter, problems } = filterFromPairs(pairs);
  if (problems.length > 0) {
    throw new UsageError(
      `the filter is not understood:\n${problems.map((problem) => `  --${formatProblem(problem)}`).join("\n")}`,
    );
  }
  return filter;
}

/** Messages of the live feed, from the snapshot on, until the signal fires. Throws when the appliance goes away. */
export async function* trafficFeed(
  subscribe: Omit<SubscribeMessage, "type">,
  flags: ReachFlags,
  context: CliContext,
): AsyncGenerator<ServerMessage> {
  const client = await reachApi(flags, context);
  const { url, token } = client;
  const socket = new WebSocket(`${url.replace(/^http/, "ws")}/api/v1/traffic`, {
    headers: { authorization: `Bearer ${token}` },
  });
  // Without a farewell: an appliance that hangs would not answer it, and somebody waits for their terminal.
  const stop = (): void => socket.terminate();
  context.signal.addEventListener("abort", stop, { once: true });
  try {
    await once(socket, "open").catch(async (cause: unknown) => {
      context.signal.throwIfAborted();
      // What keeps a socket out keeps every request out, and there the API says why.
      await client.get("/status");
      throw new CommandError(`the live feed at ${url} could not be opened`, "see `binnacle status`", { cause });
    });
    socket.send(JSON.stringify({ type: "subscribe", ...subscribe } satisfies SubscribeMessage));
    for await (const message of messagesOf(socket)) {
      if (message.type === "problem") throw new CommandError(`${message.path}: ${message.message}`, message.fix);
      yield message;
    }
    if (!context.signal.aborted) throw new CommandError("the appliance closed the live feed", "see `binnacle status`");
  } finally {
    context.signal.removeEventListener("abort", stop);
    socket.terminate();
  }
}

async function* messagesOf(socket: WebSocket): AsyncGenerator<ServerMessage> {
  const waiting: string[] = [];
  let wake: (() => void) | undefined;
  const knock = (): void => {
    wake?.();
    wake = undefined;
  };
  socket.on("message", (data: Buffer) => {
    waiting.push(data.toString("utf8"));
    knock();
  });
  socket.on("close", knock);
  while (waiting.length > 0 || socket.readyState === WebSocket.OPEN) {
    const next = waiting.shift();
    if (next !== undefined) yield JSON.parse(next) as ServerMessage;
    else {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }
}
