import { overloadLimits } from "#envoy/overload.ts";
import { remoteEnvoyScript } from "#envoy/remote-envoy.ts";
import { type CliContext, CommandError, UsageError } from "./context.ts";
import { type LocationFlags, readConfig } from "./locations.ts";

export interface RemoteEnvoyFlags extends LocationFlags {
  readonly id: string;
  readonly host: string;
  readonly serverName?: string;
  readonly directory: string;
  readonly runtimeDirectory: string;
  readonly memoryMib: string;
}

/** File descriptors that a service usually has; connections are half of it. */
const OPEN_FILES = 65_536;
const MIB = 1024 * 1024;

/** `binnacle remote-envoy`: prints the script that prepares another machine for an Envoy of this control plane. */
export async function remoteEnvoy(flags: RemoteEnvoyFlags, context: CliContext): Promise<number> {
  const { config } = await readConfig(flags, context);
  const { remote } = config.xds;
  if (remote === undefined) {
    throw new CommandError(
      "the configuration lets no Envoy of another machine connect",
      "set xds.remote in binnacle.yaml",
    );
  }
  if (!/^[!-~]{1,128}$/.test(flags.id)) {
    throw new UsageError(
      `--id ${JSON.stringify(flags.id)} is no name for an Envoy`,
      "give up to 128 letters, digits and signs without blanks, and each Envoy another",
    );
  }
  const memory = Number(flags.memoryMib);
  if (!Number.isInteger(memory) || memory < 128) {
    throw new UsageError(`--memory-mib ${flags.memoryMib} is no amount of memory`, "give whole MiB, at least 128");
  }
  const { maxConnections } = config.envoy;
  context.stdout.write(
    remoteEnvoyScript({
      id: flags.id,
      host: flags.host,
      port: remote.port,
      accessLogPort: remote.accessLogPort,
      serverName: flags.serverName ?? flags.host,
      directory: flags.directory,
      runtimeDirectory: flags.runtimeDirectory,
      statsPort: config.envoy.statsPort,
      limits: overloadLimits(
        { memoryBytes: memory * MIB, openFiles: OPEN_FILES },
        { maxHeapMiB: undefined, maxConnections },
      ),
    }),
  );
  return 0;
}
