import { bytesHash } from "#lib/canonical.ts";

/** What Envoy is started with. */
export interface EnvoyCommand {
  readonly binary: string;
  readonly configFile: string;
  /** Names the shared memory and sockets through which two Envoys of one appliance hand over. */
  readonly baseId: number;
  /** 0 for a fresh start, one more at each hot restart. */
  readonly epoch: number;
}

export interface EnvoyFlags {
  /** Path prefix of the hot restart's sockets; the default is an abstract socket that every local user may write to. */
  readonly hotRestartSocket: string;
  /** Worker threads; undefined for one per hardware thread. */
  readonly concurrency: number | undefined;
  readonly logLevel: "trace" | "debug" | "info" | "warning" | "error" | "critical" | "off";
  /** How long connections of a listener that is changed, removed or handed over have to end. */
  readonly drainSeconds: number;
}

const CONFIG = "--config-path";
const BASE_ID = "--base-id";
const EPOCH = "--restart-epoch";

/** The arguments, without the program itself. */
export function envoyArguments(command: Omit<EnvoyCommand, "binary">, flags: EnvoyFlags): readonly string[] {
  return [
    CONFIG,
    command.configFile,
    BASE_ID,
    String(command.baseId),
    EPOCH,
    String(command.epoch),
    ...flagArguments(flags),
  ];
}

/** The part that is the same at each start: with the bootstrap it tells whether a running Envoy is the wanted one. */
export function flagArguments(flags: EnvoyFlags): readonly string[] {
  // The old process ends when the new one has had time to drain it, and a tenth for what is late.
  const parentSeconds = flags.drainSeconds + Math.max(1, Math.ceil(flags.drainSeconds / 10));
  const pairs: (readonly [string, string])[] = [
    ["--socket-path", flags.hotRestartSocket],
    ["--socket-mode", "600"],
    ["--drain-time-s", String(flags.drainSeconds)],
    ["--parent-shutdown-time-s", String(parentSeconds)],
    ["--log-level", flags.logLevel],
    ["--log-format", "[%Y-%m-%dT%T.%e%z][%l][%n] %v"],
  ];
  if (flags.concurrency !== undefined) pairs.push(["--concurrency", String(flags.concurrency)]);
  return pairs.flat();
}

/** The reverse of {@link envoyArguments}, from a process's command line; undefined when it is no Envoy of ours. */
export function parseEnvoyCommand(line: readonly string[]): EnvoyCommand | undefined {
  const [binary, ...rest] = line;
  if (binary === undefined || rest[0] !== CONFIG) return undefined;
  const configFile = rest[1];
  const baseId = numberAfter(rest, BASE_ID);
  const epoch = numberAfter(rest, EPOCH);
  if (configFile === undefined || baseId === undefined || epoch === undefined) return undefined;
  return { binary, configFile, baseId, epoch };
}

function numberAfter(line: readonly string[], flag: string): number | undefined {
  const at = line.indexOf(flag);
  const value = at === -1 ? undefined : line[at + 1];
  return value !== undefined && /^\d+$/.test(value) ? Number(value) : undefined;
}

/**
 * The same for an appliance at each start, and another for each appliance of a machine. Envoy names what it shares over a hot
 * restart by ten times the base id and the epoch, in 32 bits with a sign: above 2^27 the names would not be as one expects.
 */
export function baseIdOf(directory: string): number {
  return Number.parseInt(bytesHash(directory).slice(0, 7), 16) >>> 1;
}
