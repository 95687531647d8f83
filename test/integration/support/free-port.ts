import { once } from "node:events";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Below the ports that the kernel gives to connections that go out: none of those takes one between here and its listener. */
const FIRST = 20_000;
const COUNT = 12_000;
/**
 * A file for each port that is promised, with the process that has it: programs that start slowly bind it seconds later. Each
 * user has a folder: nobody may write into another's.
 */
const PROMISED = join(tmpdir(), `binnacle-test-ports-${process.getuid?.() ?? "all"}`);
const ours = new Set<string>();
let next = Math.floor(Math.random() * COUNT);

/**
 * `count` different TCP ports that nothing listens on at `host`, and that no other test process is given while this one
 * lives; a listener that can take port 0 itself should rather do that.
 */
export async function freePorts(count: number, host = "127.0.0.1"): Promise<readonly number[]> {
  const ports: number[] = [];
  for (let tries = 0; ports.length < count; tries++) {
    if (tries === COUNT) throw new Error(`there are no ${count} free ports from ${FIRST} on`);
    next = (next + 1) % COUNT;
    const port = FIRST + next;
    if (promise(port) && (await canListen(port, host))) ports.push(port);
  }
  return ports;
}

/** One TCP port that nothing listens on at `host`. */
export async function freePort(host = "127.0.0.1"): Promise<number> {
  const [port] = await freePorts(1, host);
  if (port === undefined) throw new Error("no port is free");
  return port;
}

/** Whether the port is this process' from now on. */
function promise(port: number): boolean {
  if (ours.size === 0) {
    mkdirSync(PROMISED, { recursive: true });
    process.once("exit", () => ours.forEach((file) => rmSync(file, { force: true })));
  }
  const file = join(PROMISED, String(port));
  if (ours.has(file)) return false;
  try {
    writeFileSync(file, String(process.pid), { flag: "wx" });
  } catch {
    if (isAlive(file)) return false;
    rmSync(file, { force: true });
    return promise(port);
  }
  ours.add(file);
  return true;
}

function isAlive(file: string): boolean {
  try {
    process.kill(Number(readFileSync(file, "utf8")), 0);
    return true;
  } catch {
    return false;
  }
}

async function canListen(port: number, host: string): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, host), "listening");
    return true;
  } catch {
    return false;
  } finally {
    await new Promise((closed) => server.close(closed));
  }
}

/** The port a TCP server listens on. Throws when it does not. */
export function listeningPort(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("this server listens on no TCP port");
  return address.port;
}
