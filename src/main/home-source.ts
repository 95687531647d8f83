import type { Config } from "#config/config.ts";
import type { KubeObject } from "#kubernetes/resource-type.ts";
import { errorMessage } from "#lib/error-message.ts";
import type { Logger } from "#lib/log.ts";
import type { ObjectRef } from "#resources/ref.ts";
import type { Resource } from "#resources/resource.ts";
import { DirectorySource } from "#sources/directory.ts";
import type { Source, SourceListener } from "#sources/source.ts";
import type { SourceChange } from "#store/changes.ts";
import type { ControlPlane } from "../control-plane.ts";
import { type HomeCluster, leadershipWords } from "./home-cluster.ts";
import { translateSettings } from "./translate-settings.ts";

/** What the home of the objects says of itself, whatever it is. */
export interface HomeSource extends Pick<Source, "state" | "problems"> {
  /** `directory` or `cluster`. */
  readonly name: string;
  /** Where it is, for a person who waits. */
  readonly place: string;
}

/** Who looks on while a cluster is followed. */
export interface HomeWatcher {
  /** An object as it stands in the API, by an event or a list, and what that says to the store, before that hears of it. */
  read?(ref: ObjectRef, object: KubeObject | undefined, change: SourceChange, isListed: boolean): void;
  /** Everything there is has been read. */
  synced?(): void;
  /** What came of it goes to Envoy from now on. */
  open?(): void;
  /** What is not as it should be in the cluster and troubles no traffic, for people. */
  shortcomings?(): readonly string[];
}

export interface HomeOptions extends Pick<SourceListener, "sink"> {
  /** Undefined: the home is a directory. */
  readonly cluster: HomeCluster | undefined;
  readonly watchers: readonly HomeWatcher[];
  /** Called once the home is read. Resolves when Envoy may have what came of it: backends and DNS have been asked, too. */
  readonly settle: () => Promise<unknown>;
  /** Ends the wait for it. */
  readonly signal: AbortSignal;
}

/**
 * Follows the home of the objects. Resolves when it has been read and Envoy may have what came of it, or when it is found that
 * it cannot be read yet: then the appliance waits for it, and says so. Rejects when `signal` fires before either.
 */
export async function followHome(
  config: Config,
  controlPlane: ControlPlane,
  { sink, cluster, watchers, settle, signal }: HomeOptions,
  logger: Logger,
  parts: AsyncDisposableStack,
): Promise<{ source: HomeSource; synced: boolean }> {
  const first = Promise.withResolvers<boolean>();
  // Later than the first answer nobody else would hear of it.
  const fail = (error: unknown): void => {
    logger.error("the home of the objects is not followed any more; start again", { error: errorMessage(error) });
    first.reject(error);
  };
  const listener: SourceListener = {
    sink,
    onSynced: () => {
      for (const watcher of watchers) watcher.synced?.();
      settle()
        .then(() => {
          controlPlane.open();
          for (const watcher of watchers) watcher.open?.();
          first.resolve(true);
        })
        .catch(fail);
    },
    onProblems: () => {
      if (!controlPlane.snapshot.ready && source.state().lastSync === undefined) first.resolve(false);
    },
  };
  const source: Source =
    cluster === undefined
      ? directory(config, listener, logger)
      : await clusterApi(config, cluster, controlPlane, watchers, listener, logger);
  const stop = new AbortController();
  const run = source.run(stop.signal);
  parts.defer(async () => {
    stop.abort();
    await run;
  });
  run.catch(fail);
  const stopped = (): void => first.reject(signal.reason);
  signal.addEventListener("abort", stopped);
  if (signal.aborted) stopped();
  const synced = await first.promise.finally(() => signal.removeEventListener("abort", stopped));
  return { source: asHome(config, source, cluster, watchers), synced };
}

function directory({ sources }: Config, listener: SourceListener, logger: Logger): Source {
  const { directory: folder, unknownFields } = sources;
  return new DirectorySource({
    ...listener,
    directory: folder,
    log: logger.room("directory"),
    validation: { unknownFields },
  });
}

async function clusterApi(
  config: Config,
  { client }: HomeCluster,
  { store }: ControlPlane,
  watchers: readonly HomeWatcher[],
  listener: SourceListener,
  logger: Logger,
): Promise<Source> {
  const { ClusterSource } = await import("#sources/cluster/cluster-source.ts");
  const onRead: HomeWatcher["read"] = (...told) => {
    for (const watcher of watchers) watcher.read?.(...told);
  };
  const { fallbackCertificate } = translateSettings(config, []);
  const certificateNamespaces = fallbackCertificate === undefined ? [] : [fallbackCertificate.namespace];
  const lastGood = (ref: ObjectRef): Resource | undefined => store.lastGood(ref);
  return new ClusterSource({
    ...listener,
    client,
    log: logger.room("cluster"),
    onRead,
    certificateNamespaces,
    lastGood,
  });
}

function asHome(
  { sources }: Config,
  source: Source,
  cluster: HomeCluster | undefined,
  watchers: readonly HomeWatcher[],
): HomeSource {
  const problems = (): ReturnType<Source["problems"]> => source.problems();
  if (cluster === undefined) {
    return { name: "directory", place: sources.directory, state: () => source.state(), problems };
  }
  const state = (): ReturnType<Source["state"]> => {
    const { detail, ...rest } = source.state();
    const shortcomings = watchers.flatMap((watcher) => watcher.shortcomings?.() ?? []);
    return { ...rest, detail: [detail, leadershipWords(cluster.leadership()), ...shortcomings].join("; ") };
  };
  return { name: "cluster", place: cluster.client.connection, state, problems };
}
