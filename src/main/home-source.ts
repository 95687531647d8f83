import type { Config } from "#config/config.ts";
import type { Connection } from "#kubernetes/connection.ts";
import type { Logger } from "#lib/log.ts";
import type { Problem } from "#lib/problem.ts";
import { DirectorySource } from "#sources/directory.ts";
import type { ObjectSink } from "#store/changes.ts";
import type { ControlPlane } from "../control-plane.ts";

/** What the home of the objects says of itself, whatever it is. */
export interface HomeSource {
  /** `directory` or `cluster`. */
  readonly name: string;
  /** Where it is, for a person who waits. */
  readonly place: string;
  state(): {
    readonly state: "syncing" | "synced" | "stale";
    readonly lastSync: number | undefined;
    readonly detail: string;
  };
  problems(): readonly Problem[];
}

interface Callbacks {
  readonly onSynced: () => void;
  readonly onProblems: () => void;
}

interface RunningSource extends HomeSource {
  run(signal: AbortSignal): Promise<void>;
}

/**
 * Follows the home of the objects. Resolves when it has been read and Envoy may have what came of it, or when it is found that
 * it cannot be read yet: then the appliance waits for it, and says so.
 *
 * @param settled the backends have said what they have, or that they cannot
 */
export async function followHome(
  config: Config,
  controlPlane: ControlPlane,
  sink: ObjectSink,
  logger: Logger,
  parts: AsyncDisposableStack,
  settled: Promise<unknown>,
): Promise<{ source: HomeSource; synced: boolean }> {
  const first = Promise.withResolvers<boolean>();
  const callbacks: Callbacks = {
    onSynced: () => {
      settled
        .then(() => {
          controlPlane.open();
          first.resolve(true);
        })
        .catch(first.reject);
    },
    onProblems: () => {
      if (!controlPlane.snapshot.ready && source.state().lastSync === undefined) first.resolve(false);
    },
  };
  const { cluster } = config.sources;
  const source: RunningSource =
    cluster === undefined
      ? directory(config, sink, logger, callbacks)
      : await clusterApi(cluster, sink, logger, callbacks, parts);
  const stop = new AbortController();
  const run = source.run(stop.signal);
  parts.defer(async () => {
    stop.abort();
    await run;
  });
  run.catch(first.reject);
  return { source, synced: await first.promise };
}

function directory({ sources }: Config, sink: ObjectSink, logger: Logger, callbacks: Callbacks): RunningSource {
  const source = new DirectorySource({
    directory: sources.directory,
    sink,
    log: logger.room("directory"),
    validation: { unknownFields: sources.unknownFields },
    ...callbacks,
  });
  return asHome("directory", sources.directory, source);
}

/** The rooms of Kubernetes are loaded only where there is one. */
async function clusterApi(
  { kubeconfig, context }: NonNullable<Config["sources"]["cluster"]>,
  sink: ObjectSink,
  logger: Logger,
  callbacks: Callbacks,
  parts: AsyncDisposableStack,
): Promise<RunningSource> {
  const [{ createKubeClient }, { ClusterSource }] = await Promise.all([
    import("#kubernetes/http-client.ts"),
    import("#sources/cluster/cluster-source.ts"),
  ]);
  const connection: Connection =
    kubeconfig === undefined ? { type: "in-cluster" } : { type: "file", kubeconfig, context };
  const client = parts.use(createKubeClient({ connection, environment: process.env }));
  const source = new ClusterSource({ client, sink, log: logger.room("cluster"), ...callbacks });
  return asHome("cluster", client.connection, source);
}

function asHome(name: string, place: string, source: Omit<RunningSource, "name" | "place">): RunningSource {
  return {
    name,
    place,
    state: () => source.state(),
    problems: () => source.problems(),
    run: (signal) => source.run(signal),
  };
}
