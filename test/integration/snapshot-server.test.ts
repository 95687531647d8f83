import assert from "node:assert/strict";
import { copyFile, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { snapshotServerPlaces } from "../../src/snapshot-server/places.ts";
import { stopSnapshotServer } from "../../src/snapshot-server/stop-snapshot-server.ts";
import { certificateAuthority } from "./support/certificate.ts";
import { EnvoyUnderTest } from "./support/envoy-under-test.ts";
import { freePorts } from "./support/free-port.ts";
import { type HttpAnswer, httpGet } from "./support/http-get.ts";
import { ingress, service } from "./support/manifests.ts";
import { ControlPlaneProcess, type ControlPlaneState } from "./support/snapshot-server-control-plane-process.ts";
import { temporaryDirectory } from "./support/temp-dir.ts";
import { TrafficLoad } from "./support/traffic-load.ts";
import { until } from "./support/until.ts";
import { Upstream } from "./support/upstream.ts";

test("without a control plane requests are answered, Envoy may restart, and the next control plane takes over", async () => {
  await using home = await Home.create();
  await using first = await home.controlPlane();
  await first.apply(home.manifests());
  await first.do("open");
  await using envoy = await home.envoy();
  await home.serves();
  const { snapshotServer } = await archived(first);

  // Killed under load.
  await using load = new TrafficLoad(home.httpPort);
  await until(() => load.counts.ok > 50, { what: "the load" });
  const before = await updates(envoy);
  const begun = await streams(envoy);
  await first.kill();
  await reconnected(envoy, begun);
  await moreLoad(load);
  assert.deepEqual(await updates(envoy), before, "Envoy was sent something that it had");

  // A host that no client had asked for by TLS before: its certificate comes from the archive.
  assert.equal((await home.getTls("shop.test")).status, 200);
  const { ok, failures } = await load.stop();
  assert.deepEqual(failures, {}, `${ok} requests were answered`);

  // Envoy is gone and comes back while nobody else is there.
  await envoy.kill();
  await envoy.launch();
  await home.serves();
  assert.equal((await home.getTls("shop.test")).status, 200);

  // The next control plane, under load again.
  await using secondLoad = new TrafficLoad(home.httpPort);
  await until(() => secondLoad.counts.ok > 50, { what: "the load" });
  const restarted = await updates(envoy);
  await using second = await home.controlPlane();
  await second.apply(home.manifests());
  await second.do("open");
  const state = await until(() => second.do("look"), { accept: ({ clients }) => clients > 0, what: "the hand-over" });
  assert.equal(state.snapshotServer, snapshotServer, "the same snapshot server stands by again");
  await moreLoad(secondLoad);
  assert.deepEqual(
    [await updates(envoy), (await second.do("look")).resources],
    [restarted, 0],
    "something was sent again",
  );
  await using blog = await Upstream.start({ respond: () => ({ body: "blog" }) });
  await second.apply(
    `${service("team-blog", "blog", [blog])}---\n${ingress("team-blog", "blog", "blog.test", "blog")}`,
  );
  await until(() => home.get("blog.test"), { accept: ({ body }) => body === "blog", what: "a change to arrive" });
  const second200 = await secondLoad.stop();
  assert.deepEqual(second200.failures, {}, `${second200.ok} requests were answered`);

  // And what it changed is what an Envoy gets that starts after it.
  await archived(second);
  await second.do("flush");
  await second.kill();
  await envoy.kill();
  await envoy.launch();
  await until(() => home.get("blog.test"), { accept: ({ body }) => body === "blog", what: "the archived change" });
});

test("what Envoy has goes on, also where the archive is older", async () => {
  await using home = await Home.create();
  await using controlPlane = await home.controlPlane();
  await controlPlane.apply(home.manifests());
  await controlPlane.do("open");
  await using envoy = await home.envoy();
  await home.serves();
  await archived(controlPlane);
  await controlPlane.do("flush");
  await using older = await temporaryDirectory("older");
  await home.copyArchive(older.path, "from");

  // The shop moves to another upstream, and a host appears: both reach Envoy, neither the copy.
  await using moved = await Upstream.start({ respond: () => ({ body: "moved" }) });
  await controlPlane.apply(
    [service("team-shop", "shop", [moved]), ingress("team-shop", "new", "new.test", "shop")].join("---\n"),
  );
  await until(() => home.get("new.test"), { accept: ({ body }) => body === "moved", what: "the change to arrive" });
  const { snapshotServer } = await archived(controlPlane);

  // It stops in its tracks until the older archive is in place.
  process.kill(snapshotServer!, "SIGSTOP");
  const begun = await streams(envoy);
  await controlPlane.kill();
  await home.copyArchive(older.path, "to");
  process.kill(snapshotServer!, "SIGCONT");
  await reconnected(envoy, begun);
  for (const host of ["new.test", "any.test"]) assert.equal((await home.get(host)).body, "moved", host);
  assert.equal((await home.getTls("shop.test")).body, "moved");

  // An Envoy that has nothing gets what there is.
  await envoy.kill();
  await envoy.launch();
  await home.serves();
  assert.equal((await home.get("new.test")).body, "shop");
});

/** All that is wanted was acknowledged, and will be in the archive with the next write. */
function archived(controlPlane: ControlPlaneProcess): Promise<ControlPlaneState> {
  return until(() => controlPlane.do("look"), { accept: ({ unarchived }) => unarchived === 0, what: "the archive" });
}

/** How many answers of the control plane changed something in Envoy, by what they were about. */
async function updates(envoy: EnvoyUnderTest): Promise<unknown> {
  const { configs } = JSON.parse(await envoy.admin("/config_dump?include_eds")) as { configs: readonly object[] };
  return configs.filter((config) => !JSON.stringify(config).includes("bootstrap.v3.Bootstrap"));
}

/** ADS streams that this Envoy has begun. */
function streams(envoy: EnvoyUnderTest): Promise<number> {
  return envoy.stat("cluster.binnacle_xds.upstream_rq_total");
}

async function reconnected(envoy: EnvoyUnderTest, before: number): Promise<void> {
  await until(
    async () => (await streams(envoy)) > before && (await envoy.stat("control_plane.connected_state")) === 1,
    {
      what: "Envoy to have a stream again",
    },
  );
}

/** The load goes on for a while, counted in answers. */
async function moreLoad(load: TrafficLoad): Promise<void> {
  const { ok } = load.counts;
  await until(() => load.counts.ok > ok + 100, { what: "more of the load" });
}

/** The archive's file, and those that SQLite keeps beside it. */
function isArchive(name: string): boolean {
  return name.startsWith("snapshot.sqlite");
}

const authority = certificateAuthority();

/** A state directory with an upstream, and what is started over it. What is left running at the end is ended. */
class Home implements AsyncDisposable {
  readonly directory: string;
  readonly shop: Upstream;
  readonly httpPort: number;
  readonly #httpsPort: number;
  readonly #stack: AsyncDisposableStack;
  readonly #certificate = authority.issue(["shop.test"]);

  private constructor(directory: string, shop: Upstream, ports: readonly number[], stack: AsyncDisposableStack) {
    this.directory = directory;
    this.shop = shop;
    [this.httpPort = 0, this.#httpsPort = 0] = ports;
    this.#stack = stack;
  }

  static async create(): Promise<Home> {
    await using stack = new AsyncDisposableStack();
    const directory = stack.use(await temporaryDirectory("ss"));
    const shop = stack.use(await Upstream.start({ respond: () => ({ body: "shop" }) }));
    stack.defer(() => stopSnapshotServer(directory.path));
    return new Home(directory.path, shop, await freePorts(2), stack.move());
  }

  controlPlane(): Promise<ControlPlaneProcess> {
    const { directory: stateDirectory, httpPort } = this;
    return ControlPlaneProcess.start({ stateDirectory, httpPort, httpsPort: this.#httpsPort });
  }

  envoy(): Promise<EnvoyUnderTest> {
    return EnvoyUnderTest.start(this.directory, snapshotServerPlaces(this.directory).xdsSocket);
  }

  /** The shop answers on all hosts, and `shop.test` by TLS too. */
  manifests(): string {
    const { cert, key } = this.#certificate;
    return [
      service("team-shop", "shop", [this.shop]),
      ingress("team-shop", "all", "", "shop").replace('host: ""\n      http', "http"),
      JSON.stringify({
        apiVersion: "v1",
        kind: "Secret",
        type: "kubernetes.io/tls",
        metadata: { name: "shop", namespace: "team-shop" },
        data: { "tls.crt": Buffer.from(cert).toString("base64"), "tls.key": Buffer.from(key).toString("base64") },
      }),
      ingress("team-shop", "tls", "shop.test", "shop").replace(
        "spec:",
        "spec:\n  tls: [{ hosts: [shop.test], secretName: shop }]",
      ),
    ].join("\n---\n");
  }

  get(host: string): Promise<HttpAnswer> {
    return httpGet({ port: this.httpPort }, "/", { host });
  }

  getTls(host: string): Promise<HttpAnswer> {
    return httpGet({ port: this.#httpsPort }, "/", { host, tls: { servername: host, ca: authority.cert } });
  }

  async serves(): Promise<void> {
    await until(() => this.get("any.test"), {
      accept: ({ body }) => body === "shop",
      what: "the shop's answer through Envoy",
    });
  }

  async copyArchive(other: string, way: "from" | "to"): Promise<void> {
    const [from, to] = way === "from" ? [this.directory, other] : [other, this.directory];
    for (const name of (await readdir(to)).filter(isArchive)) await rm(join(to, name));
    for (const name of (await readdir(from)).filter(isArchive)) await copyFile(join(from, name), join(to, name));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
