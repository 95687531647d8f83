import { request } from "node:http";
import { join } from "node:path";
import { type DeepPartial, Route, type VirtualHost } from "#proto/envoy/config/route/v3/route_components.ts";
import { silentLogger } from "#lib/log.ts";
import type { ObjectRef } from "#resources/ref.ts";
import type { EnvoySource } from "#traffic/admin-poller.ts";
import type { NamespaceScope } from "#traffic/filter.ts";
import type { ServerMessage, SnapshotMessage } from "#traffic/messages.ts";
import { Traffic } from "#traffic/traffic.ts";
import type { TrafficSettings } from "#traffic/traffic-settings.ts";
import { type AccessLogSettings, accessLoggers } from "#xds/resources/access-log.ts";
import { trafficRuntime, type TrafficShares } from "#xds/resources/runtime.ts";
import { envoyRouteName } from "#xds/resources/traffic-key.ts";
import { freePort } from "../support/free-port.ts";
import { httpGet, type HttpOptions } from "../support/http-get.ts";
import { temporaryDirectory } from "../support/temp-dir.ts";
import { until } from "../support/until.ts";
import { Upstream } from "../support/upstream.ts";
import { forward, TestEnvoy } from "./test-envoy.ts";

export const SHOP: ObjectRef = { kind: "Ingress", namespace: "team-shop", name: "shop" };
export const BLOG: ObjectRef = { kind: "Ingress", namespace: "team-blog", name: "blog" };
export const CART = "local/team-shop/cart/80";
/** Its one endpoint is a port that nothing listens on. */
export const DEAD = "local/team-shop/dead/80";
/** It has no endpoints. */
export const EMPTY = "local/team-shop/empty/80";
export const POSTS = "local/team-blog/posts/80";

/** Milliseconds. On a machine that is busy with others no ordinary request takes so long. */
export const SLOW = 2000;
const ACCESS_LOGS: AccessLogSettings = { slowThreshold: SLOW, stdout: "off" };
export const SETTINGS: TrafficSettings = {
  sampleShare: 1,
  entriesPerSecond: 2000,
  slowThreshold: SLOW,
  keepQueryValues: false,
  retention: 900_000,
  retentionBytes: 16_000_000,
};

/** The traffic room with a real Envoy: `await using rig = await TrafficRig.start();` */
export class TrafficRig implements AsyncDisposable {
  readonly upstream: Upstream;
  readonly directory: string;
  envoy: TestEnvoy;
  traffic: Traffic;
  readonly #deadPort: number;
  readonly #settings: TrafficSettings;
  readonly #stack: AsyncDisposableStack;
  #shares: TrafficShares | undefined;

  private constructor(
    parts: Pick<TrafficRig, "upstream" | "directory" | "envoy" | "traffic">,
    deadPort: number,
    settings: TrafficSettings,
    stack: AsyncDisposableStack,
  ) {
    ({ upstream: this.upstream, directory: this.directory, envoy: this.envoy, traffic: this.traffic } = parts);
    this.#deadPort = deadPort;
    this.#settings = settings;
    this.#stack = stack;
  }

  static async start(settings: Partial<TrafficSettings> = {}): Promise<TrafficRig> {
    await using stack = new AsyncDisposableStack();
    const directory = stack.use(await temporaryDirectory("traffic")).path;
    const upstream = stack.use(await Upstream.start());
    const deadPort = await freePort();
    const envoy = await startEnvoy(directory, upstream.port, deadPort);
    const all = { ...SETTINGS, ...settings };
    stack.defer(() => envoy[Symbol.asyncDispose]());
    let shares: TrafficShares | undefined;
    let rig: TrafficRig | undefined;
    const traffic = await startTraffic(directory, all, (told) => {
      shares = told;
      rig?.setShares(told);
    });
    rig = new TrafficRig({ upstream, directory, envoy, traffic }, deadPort, all, stack.move());
    if (shares !== undefined) await envoy.setRuntime(trafficRuntime(shares));
    await rig.watch();
    return rig;
  }

  /** Begins to read Envoy's counters and waits for the first reading, so that what comes then is counted in seconds. */
  async watch(): Promise<void> {
    const source: EnvoySource = { id: "test", openAdmin: async (path) => [await this.envoy.fetchAdmin(path)] };
    this.traffic.addEnvoy(source);
    await until(() => this.traffic.sampling("all").envoys[0]?.reachable, { what: "Envoy's counters" });
  }

  /** As the control plane does it by RTDS. */
  setShares(shares: TrafficShares): void {
    this.#shares = shares;
    // An Envoy that is being restarted is told when it is back.
    this.envoy.setRuntime(trafficRuntime(shares)).catch(() => {});
  }

  /** Another process with the same configuration; its counters begin at 0. */
  async restartEnvoy(): Promise<void> {
    await this.envoy[Symbol.asyncDispose]();
    this.envoy = await startEnvoy(this.directory, this.upstream.port, this.#deadPort);
    if (this.#shares !== undefined) await this.envoy.setRuntime(trafficRuntime(this.#shares));
  }

  async stopTraffic(): Promise<void> {
    await this.traffic[Symbol.asyncDispose]();
  }

  async startTraffic(): Promise<void> {
    this.traffic = await startTraffic(this.directory, this.#settings, (shares) => this.setShares(shares));
    await this.watch();
  }

  async get(path: string, options: HttpOptions = {}): Promise<number> {
    return (await httpGet({ port: this.envoy.port }, path, { host: "shop.localhost", ...options })).status;
  }

  /** So many requests, some at a time; the status of each. */
  async getMany(count: number, path: string, options: HttpOptions = {}): Promise<readonly number[]> {
    const statuses: number[] = [];
    const lane = async (lanes: number, first: number) => {
      for (let index = first; index < count; index += lanes) statuses.push(await this.get(path, options));
    };
    await Promise.all([0, 1, 2, 3].map((first) => lane(4, first)));
    return statuses;
  }

  /** A request whose client goes away as soon as the upstream has it. */
  async abort(path: string): Promise<void> {
    const reached = new Promise((resolve) => {
      this.upstream.events.once("request", resolve);
    });
    const asked = request({ port: this.envoy.port, path, headers: { host: "shop.localhost" }, agent: false });
    asked.on("error", () => {});
    asked.end();
    await reached;
    asked.destroy();
  }

  snapshot(scope: NamespaceScope = "all"): Promise<SnapshotMessage> {
    return this.traffic.snapshot({ recentRows: 2000 }, scope);
  }

  /** The picture once it has counted that many requests, and shows as many rows as expected. */
  async counted(requests: number, rows?: number): Promise<SnapshotMessage> {
    return until(() => this.snapshot(), {
      what: `${requests} requests`,
      accept: ({ totals, requests: shown, hosts }) =>
        totals.counts.requests >= requests && (rows === undefined || shown.length >= rows) && hosts.length > 0,
    });
  }

  /** A client of the live feed, with everything that it was sent. */
  connect(scope: NamespaceScope = "all", isReady = () => true) {
    const messages: ServerMessage[] = [];
    const send = (message: ServerMessage): void => void messages.push(message);
    const session = this.traffic.open({ name: "test", scope, operates: scope, send, isReady });
    return { messages, session };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.traffic[Symbol.asyncDispose]();
    await this.envoy[Symbol.asyncDispose]();
    await this.#stack.disposeAsync();
  }
}

function startTraffic(
  directory: string,
  settings: TrafficSettings,
  onShares: (shares: TrafficShares) => void,
): Promise<Traffic> {
  return Traffic.start({ accessLogSocket: join(directory, "als.sock"), settings, log: silentLogger, onShares });
}

function startEnvoy(directory: string, upstreamPort: number, deadPort: number): Promise<TestEnvoy> {
  return TestEnvoy.start({
    directory,
    accessLogs: accessLoggers(ACCESS_LOGS, "http"),
    virtualHosts: [
      virtualHost("shop.localhost", [
        forward(envoyRouteName("shop.localhost", SHOP, "prefix /cart"), "/cart", CART),
        forward(envoyRouteName("shop.localhost", SHOP, "prefix /dead"), "/dead", DEAD),
        forward(envoyRouteName("shop.localhost", SHOP, "prefix /empty"), "/empty", EMPTY),
        forward(envoyRouteName("shop.localhost", SHOP, "prefix /gone"), "/gone", "local/team-shop/gone/80"),
        redirect(envoyRouteName("shop.localhost", SHOP, "prefix /old"), "/old"),
      ]),
      virtualHost("blog.localhost", [forward(envoyRouteName("blog.localhost", BLOG, "prefix /"), "/", POSTS)]),
    ],
    clusters: {
      [CART]: [{ port: upstreamPort }],
      [DEAD]: [{ port: deadPort }],
      [EMPTY]: [],
      [POSTS]: [{ port: upstreamPort }],
    },
  });
}

function virtualHost(host: string, routes: readonly Route[]): DeepPartial<VirtualHost> {
  return {
    name: `http/${host}`,
    domains: [host],
    metadata: { filterMetadata: { binnacle: { host } } },
    routes: [...routes],
  };
}

function redirect(name: string, prefix: string): Route {
  return Route.fromPartial({
    name,
    match: { pathSpecifier: { $case: "prefix", value: prefix } },
    action: { $case: "redirect", value: { schemeRewriteSpecifier: { $case: "schemeRedirect", value: "https" } } },
  });
}
