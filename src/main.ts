import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Api, startApi } from "#api/api.ts";
import type { Config } from "#config/config.ts";
import type { EnvoyProcess } from "#envoy/process.ts";
import { counted } from "#lib/counted.ts";
import type { Logger } from "#lib/log.ts";
import { setTimer } from "#lib/set-timer.ts";
import type { PlatformRequest } from "#monitoring/discovery-metrics.ts";
import { Metrics } from "#monitoring/metrics.ts";
import { SqliteArchive } from "#store/sqlite-archive.ts";
import { openStateDirectory, type StateDirectory } from "#supervisor/state-directory.ts";
import { Supervisor } from "#supervisor/supervisor.ts";
import { XDS_TYPES } from "#xds/resource.ts";
import { listenForRemoteEnvoys } from "#xds/remote-listener.ts";
import { XdsServer } from "#xds/server.ts";
import { snapshotServerPlaces } from "#snapshot-server/places.ts";
import { SnapshotServerProcess } from "#snapshot-server/snapshot-server-process.ts";
import { SnapshotArchive } from "#xds/snapshot-archive.ts";
import { API_ADDRESS_FILE } from "./cli/api-client.ts";
import { ControlPlane } from "./control-plane.ts";
import { orderCertificates } from "./main/acme.ts";
import { apiTls } from "./main/api-tls.ts";
import { applianceView, health } from "./main/appliance-view.ts";
import { changeClock } from "./main/change-clock.ts";
import { clusterAccess } from "./main/cluster-access.ts";
import { countErrors } from "./main/count-errors.ts";
import { startDemoLoad, startDemoUpstreams } from "./main/demo.ts";
import { startDiscovery } from "./main/discovery.ts";
import { ENVOY_STARTS, localEnvoy, serving } from "./main/envoy-process.ts";
import { followUsers } from "./main/follow-users.ts";
import { openHomeCluster } from "./main/home-cluster.ts";
import { followHome } from "./main/home-source.ts";
import { connectMetrics, countChanges, countTranslation, xdsEvents } from "./main/metrics.ts";
import { startGateways } from "./main/gateways.ts";
import { kubeFeed } from "./main/kube-feed.ts";
import { childOf, planMonitoring } from "./main/monitoring.ts";
import { followNames } from "./main/names.ts";
import { ownAddresses } from "./main/own-addresses.ts";
import { planInThread } from "./main/plan-in-thread.ts";
import type { Programs } from "./main/programs.ts";
import { publicUrlOf } from "./main/public-url.ts";
import { statusWriting } from "./main/status-writing.ts";
import { sweepAfterFirstLoad } from "./main/sweep-after-load.ts";
import { startTraffic } from "./main/traffic.ts";
import { translateSettings } from "./main/translate-settings.ts";
import { takeXdsSocket } from "./main/xds-socket.ts";
import { backendsView } from "./views/backends.ts";
import { explainView } from "./views/explain.ts";
import { objectsView } from "./views/objects.ts";

export interface ApplianceOptions {
  readonly config: Config;
  /** Where it was read from, to follow its users; undefined: it is the built-in one. */
  readonly configFile?: string | undefined;
  readonly programs: Programs;
  readonly stateDirectory: string;
  /** Where sockets may go when the state directory's path is too long for them. */
  readonly socketAlternatives: readonly string[];
  readonly version: string;
  /** Runs the quick start's upstream programs and load as well. */
  readonly demo: boolean;
  readonly logger: Logger;
  /** Told of each step of the start, for a person who waits. */
  readonly progress: (step: string) => void;
  /** Ends a start that is under way. */
  readonly signal: AbortSignal;
}

/** The appliance as it runs. Disposing of it drains and stops everything, in the reverse order of the start. */
export interface Appliance extends AsyncDisposable {
  readonly api: Api;
  /** Where a browser finds the API and what is reached through it. */
  readonly publicUrl: string;
  readonly envoy: EnvoyProcess;
  /** How many objects have an error now, with manifests that no object can be made of. */
  readonly errors: () => number;
}

const RUNBOOKS = fileURLToPath(new URL("../alerts/runbooks", import.meta.url));
const CONSOLE = fileURLToPath(new URL("../build/console", import.meta.url));

/**
 * Starts the embedded appliance, part by part; each part is stopped by the stack, also when a later one fails. Throws with
 * what could not be started and why.
 */
export async function startAppliance(options: ApplianceOptions): Promise<Appliance> {
  const { config, logger, progress, signal } = options;
  await using parts = new AsyncDisposableStack();

  // 1. The state directory: this appliance's alone, as long as it runs.
  const state = parts.use(
    await openStateDirectory({ path: options.stateDirectory, socketAlternatives: options.socketAlternatives }),
  );

  // 2. The core: store, translation, snapshot. No input or output of its own.
  const archive = new SqliteArchive(join(state.path, "objects.db"), logger.room("store"));
  parts.defer(() => archive.close());
  const metrics = new Metrics({ version: options.version, xdsTypes: XDS_TYPES });
  const controlPlane = new ControlPlane({
    translate: translateSettings(config, ownAddresses()),
    listeners: {
      streamIdleTimeout: config.routing.streamIdleTimeout,
      accessLog: {
        slowThreshold: config.traffic.slowThreshold,
        stdout: config.envoy.accessLog.stdout ? config.envoy.accessLog.format : "off",
      },
    },
    archive,
    now: Date.now,
    setTimer,
    onDefect: (part, error) => {
      metrics.objects.defect();
      logger.error("a part of the configuration cannot be made, which is a defect of Binnacle; it stays as it was", {
        part,
        error: error instanceof Error ? error.stack : String(error),
      });
    },
  });
  countTranslation(metrics, controlPlane);

  // 3. What Envoy talks to: configuration over xDS, single requests over the access-log service.
  const xds = parts.use(
    new XdsServer({ snapshot: controlPlane.snapshot, log: logger.room("xds"), events: xdsEvents(metrics) }),
  );
  const places = snapshotServerPlaces(state.path);
  // While we are away, a process of its own answers Envoy with what it acknowledged last.
  const acknowledged = parts.use(new SnapshotArchive(places.archive, controlPlane.snapshot, logger.room("archive")));
  const standBy = await SnapshotServerProcess.start({
    stateDirectory: state.path,
    node: process.execPath,
    log: logger.room("snapshot"),
  });
  const envoy = localEnvoy(options.programs.envoy, config, state, logger);
  // An Envoy that served before us goes on serving when our start fails; then its snapshot server takes over again.
  parts.defer(() => (envoy.isRunning ? standBy[Symbol.asyncDispose]() : standBy.stop()));
  // After it has found us: it then moves no socket of its own over ours.
  const { snapshot } = controlPlane;
  const xdsSocket = { xds, path: places.xdsSocket, snapshot, archive: acknowledged, standBy, envoy };
  const { taken } = await takeXdsSocket({ ...xdsSocket, log: logger.room("xds") }, parts);
  const { remote } = config.xds;
  if (remote !== undefined) parts.use(await listenForRemoteEnvoys(xds, remote, logger.room("xds")));
  const traffic = parts.use(await startTraffic({ config, state, controlPlane, logger }));

  // 4. The demo's upstream programs, before anybody asks for them.
  let demo: Supervisor | undefined;
  let load: Supervisor | undefined;
  if (options.demo) {
    progress("starting the demo's upstream programs");
    demo = parts.use(await startDemoUpstreams(state.folder("demo"), logger, signal));
  }

  // 5. Envoy. It outlives us if we are killed, and is drained when we stop in order.
  progress("starting Envoy");
  let served = false;
  // A start that fails leaves one that served before; one that is asked to end is asked for Envoy, too.
  parts.defer(() => (served && !signal.aborted ? envoy.detach() : envoy.drainAndStop(config.envoy.drainTime)));
  const start = await envoy.start(signal);
  served = start !== "started";
  progress(ENVOY_STARTS[start]);
  parts.use(traffic.follow(envoy.admin));

  // 6. The home of the objects, and what is found elsewhere. Envoy hears nothing before all of it has been asked.
  const { store } = controlPlane;
  const sink = countChanges(store, metrics);
  const observeHome = (request: PlatformRequest): void => metrics.discovery.requested("local", request);
  const cluster = config.sources.cluster && (await openHomeCluster(config.sources.cluster, observeHome, logger, parts));
  const gateways = await startGateways(config, controlPlane, state, logger.room("gateways"), parts);
  const discovery = await startDiscovery(
    config,
    { stateDirectory: state.path, store, sink, cluster, gateways, metrics: metrics.discovery },
    logger,
    parts,
  );
  const status = cluster && (await statusWriting(config, controlPlane, cluster, logger.room("status")));
  // Only where the home is a cluster.
  const writers = [status, discovery.inCluster].filter((writer) => writer !== undefined);
  const watchers = writers.map(({ watcher }) => watcher);
  const names = followNames(config, controlPlane, state.path, logger, parts);
  const order = { controlPlane, stateDirectory: state.path, cluster, metrics: metrics.acme, logger };
  const acme = config.acme && (await orderCertificates({ ...order, settings: config.acme }, parts));
  const settle = async (): Promise<void> => {
    await Promise.all([discovery.settled, acme?.settled]);
    // Which names there are is known once everything has been translated.
    controlPlane.translateNow();
    await names.settled();
  };
  const home = { sink: discovery.home, settle, cluster, watchers, signal };
  const { source, synced } = await followHome(config, controlPlane, home, logger, parts);
  cluster?.stand([...writers, acme].flatMap((part) => part?.duty ?? []));
  if (synced) {
    progress(`read ${counted(controlPlane.store.states().length, "object")} from ${source.place}`);
    await taken;
    await serving(envoy, signal);
  } else progress(`waiting for ${source.place}: ${source.state().detail}`);

  // 7. The API and the console.
  const supervisor = new Supervisor({ directory: state.folder("children"), logger });
  const processes = () => [
    { name: "envoy", state: envoy.state, ends: envoy.ends },
    ...supervisor.reports(),
    ...(demo?.reports() ?? []),
    ...(load?.reports() ?? []),
  ];
  const views = {
    snapshot: controlPlane.snapshot,
    clients: () => xds.clients.filter(({ node }) => node !== ""),
    processes,
    configSince: changeClock(controlPlane.snapshot),
    now: Date.now,
    sources: () => {
      const { state: word, lastSync, detail } = source.state();
      const problems = source.problems();
      const home = {
        name: source.name,
        state: word,
        detail,
        ...(lastSync === undefined ? {} : { lastSync }),
        ...(problems.length === 0 ? {} : { problems }),
      };
      return [home, ...discovery.states()];
    },
  };
  const refs = () => store.states().map(({ ref }) => ref);
  const objects = objectsView(controlPlane.store, controlPlane.translator, controlPlane.snapshot);
  const publicUrl = publicUrlOf(config);
  const monitoring = await planMonitoring(config, options.programs, state, publicUrl, logger);
  if (config.monitoring.grafana.enabled !== false && monitoring.grafanaUrl === undefined) {
    progress(`Grafana is not installed; dashboards for one are in ${join(state.path, "dashboards")}`);
  }
  connectMetrics(metrics, { controlPlane, xds, traffic, source, cluster, writers, discovery, processes });
  const api = parts.use(
    await startApi({
      address: config.api.address,
      port: config.api.port,
      ...(await apiTls(config, state.path, logger.room("api"))),
      hosts: config.api.allowedHosts,
      publicUrl,
      stateDirectory: state.path,
      token: state.token,
      users: config.api.users,
      ...(cluster === undefined ? {} : { cluster: await clusterAccess(cluster.client, refs, parts) }),
      consoleDirectory: CONSOLE,
      runbooksDirectory: RUNBOOKS,
      version: options.version,
      log: logger.room("api"),
      health: health(views),
      metrics: { contentType: metrics.contentType, text: () => metrics.text() },
      appliance: applianceView(views),
      objects,
      explain: explainView(controlPlane.store, controlPlane.translator),
      diff: planInThread({ config, ownAddresses: ownAddresses(), states: () => store.states() }),
      backends: backendsView({
        ...discovery,
        translator: controlPlane.translator,
        gateways: { settings: (name) => controlPlane.gateway(name), sight: (name) => traffic.gateway(name) },
        now: Date.now,
      }),
      kube: kubeFeed(config, controlPlane),
      traffic: traffic.view,
      monitoring: monitoring.targets,
      grafana: () => monitoring.grafanaUrl,
      observer: metrics.api,
    }),
  );
  const { configFile } = options;
  if (configFile !== undefined) {
    const { users } = config.api;
    parts.use(followUsers({ file: configFile, users, apply: (now) => api.setUsers(now), log: logger.room("api") }));
  }
  parts.use(await announceApi(state, api.url));

  // 8. Prometheus, Alertmanager and the like.
  parts.use(supervisor);
  if (monitoring.services.length > 0) {
    progress(`starting ${monitoring.services.map(({ name }) => name).join(", ")}`);
    await supervisor.start(await Promise.all(monitoring.services.map(childOf)), signal);
  }

  // 9. The demo's load: the last to start and the first to stop, so that no stop waits for it.
  if (options.demo) load = parts.use(await startDemoLoad(config, state.folder("demo"), logger, signal));

  parts.use(sweepAfterFirstLoad(controlPlane.snapshot));
  served = false;
  const running = parts.move();
  const errors = (): number => countErrors(objects, source.problems());
  return { api, publicUrl, envoy, errors, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** Says where the API is until the end: commands would send their token to whoever listens there afterwards. */
async function announceApi(state: StateDirectory, url: string): Promise<AsyncDisposable> {
  const file = join(state.path, API_ADDRESS_FILE);
  await writeFile(file, `${url}\n`, { mode: 0o600 });
  return { [Symbol.asyncDispose]: () => rm(file, { force: true }) };
}
