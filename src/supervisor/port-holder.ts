import { readFileSync, readdirSync, readlinkSync } from "node:fs";
import { commandLine } from "./process-identity.ts";

/** A TCP socket that listens. */
export interface ListeningSocket {
  readonly address: string;
  readonly port: number;
  readonly inode: string;
}

/** Who listens. Without a pid it is a process that we may not look into. */
export interface PortHolder {
  readonly pid: number | undefined;
  readonly command: string | undefined;
}

const LISTEN = "0A";
const WILDCARDS = new Set(["0.0.0.0", "::"]);

/** Who listens at this address and port, or at a wildcard that covers it; undefined when nobody is seen to. */
export function portHolder(address: string, port: number): PortHolder | undefined {
  const socket = listeningSockets().find(
    (candidate) =>
      candidate.port === port &&
      (candidate.address === address || WILDCARDS.has(candidate.address) || WILDCARDS.has(address)),
  );
  if (socket === undefined) return undefined;
  const pid = socketOwner(socket.inode);
  return { pid, command: pid === undefined ? undefined : commandLine(pid)?.slice(0, 3).join(" ") };
}

/** Every TCP socket of this network namespace that listens: /proc/net/tcp and tcp6. */
export function listeningSockets(): readonly ListeningSocket[] {
  return ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((path) => {
    try {
      return parseSockets(readFileSync(path, "latin1"));
    } catch {
      return []; // no IPv6 here
    }
  });
}

/** The lines of /proc/net/tcp that listen. */
export function parseSockets(table: string): readonly ListeningSocket[] {
  return table.split("\n").flatMap((line) => {
    const [, local = "", , state, , , , , , inode] = line.trim().split(/\s+/);
    const [address, port] = local.split(":");
    if (state !== LISTEN || address === undefined || port === undefined || inode === undefined) return [];
    return [{ address: textAddress(address), port: Number.parseInt(port, 16), inode }];
  });
}

/** Four bytes at a time in the machine's byte order (little-endian on all that Envoy is built for). */
function textAddress(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) =>
    (word.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16)).toReversed(),
  );
  if (bytes.length === 4) return bytes.join(".");
  const groups = Array.from({ length: 8 }, (_, at) =>
    (((bytes[at * 2] ?? 0) << 8) | (bytes[at * 2 + 1] ?? 0)).toString(16),
  );
  const text = groups.join(":");
  if (text === "0:0:0:0:0:0:0:0") return "::";
  if (text === "0:0:0:0:0:0:0:1") return "::1";
  return text.startsWith("0:0:0:0:0:ffff:") ? bytes.slice(12).join(".") : text;
}

function socketOwner(inode: string): number | undefined {
  const wanted = `socket:[${inode}]`;
  for (const entry of readdirSync("/proc")) {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) continue;
    if (openFiles(pid).includes(wanted)) return pid;
  }
  return undefined;
}

function openFiles(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`);
      } catch {
        return ""; // closed in the meantime
      }
    });
  } catch {
    return []; // gone, or not ours to look into
  }
}
