/**
 * What runs in a network of its own that only its gateways reach: upstreams, and the programs that are gateways. It does what
 * its parent tells it, and ends with it.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer as createHttpsServer } from "node:https";
import { createServer } from "node:net";
import { promisify } from "node:util";
import { errorMessage } from "#lib/error-message.ts";
import { unreachable } from "#lib/unreachable.ts";
import { Upstream } from "../../integration/support/upstream.ts";

export type BehindCommand =
  /** The link to the parent's network comes up, with this address; every address of `network` is this side's. */
  | { readonly type: "link"; readonly name: string; readonly address: string; readonly network: string }
  /** HTTP: answers with its address, and to /live as it is told. */
  | { readonly type: "http"; readonly host: string; readonly port: number; readonly protocol: "http1" | "h2c" }
  | {
      readonly type: "https";
      readonly host: string;
      readonly port: number;
      readonly cert: string;
      readonly key: string;
    }
  /** TCP: gives back what it gets. */
  | { readonly type: "echo"; readonly host: string; readonly port: number }
  | { readonly type: "live"; readonly host: string; readonly status: number }
  /** Nothing listens there any more. */
  | { readonly type: "close"; readonly host: string }
  | {
      readonly type: "start";
      readonly name: string;
      readonly command: string;
      readonly args: readonly string[];
      readonly env: Readonly<Record<string, string>>;
    }
  | { readonly type: "end"; readonly name: string };

const ip = (...args: readonly string[]) => promisify(execFile)("ip", [...args]);
const lives = new Map<string, number>();
const upstreams = new Map<string, AsyncDisposable>();
const programs = new Map<string, ChildProcess>();

async function obey(command: BehindCommand): Promise<void> {
  switch (command.type) {
    case "link":
      await ip("link", "set", "lo", "up");
      await ip("route", "add", "local", command.network, "dev", "lo");
      await ip("addr", "add", command.address, "dev", command.name);
      await ip("link", "set", command.name, "up");
      return;
    case "http": {
      const { type: _, ...place } = command;
      const respond = ({ path }: { readonly path: string }) =>
        path === "/live" ? { status: lives.get(place.host) ?? 200 } : { body: place.host };
      upstreams.set(place.host, await Upstream.start({ ...place, respond }));
      return;
    }
    case "https": {
      const server = createHttpsServer(command, (_, response) => response.end(command.host)).listen(command);
      await once(server, "listening");
      return;
    }
    case "echo": {
      const server = createServer((socket) => socket.pipe(socket).on("error", () => socket.destroy())).listen(command);
      await once(server, "listening");
      return;
    }
    case "live":
      lives.set(command.host, command.status);
      return;
    case "close":
      await upstreams.get(command.host)?.[Symbol.asyncDispose]();
      return;
    case "start": {
      const env = { ...process.env, ...command.env };
      programs.set(
        command.name,
        spawn(command.command, command.args, { env, stdio: ["ignore", "inherit", "inherit"] }),
      );
      return;
    }
    case "end": {
      const child = programs.get(command.name);
      if (child === undefined || child.exitCode !== null) return;
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
      return;
    }
    default:
      unreachable(command);
  }
}

process.on("message", ({ id, command }: { readonly id: number; readonly command: BehindCommand }) => {
  obey(command).then(
    () => process.send?.({ id }),
    (error: unknown) => process.send?.({ id, error: errorMessage(error) }),
  );
});
process.on("disconnect", () => {
  for (const child of programs.values()) child.kill("SIGKILL");
  process.exit();
});
process.send?.({ id: 0 });
