import assert from "node:assert/strict";
import { test } from "node:test";
import type { EnvoyUnderTest } from "./support/envoy-under-test.ts";
import { ingress, service } from "./support/manifests.ts";
import { archived, SnapshotServerHome } from "./support/snapshot-server-home.ts";
import { temporaryDirectory } from "./support/temp-dir.ts";
import { TrafficLoad } from "./support/traffic-load.ts";
import { until } from "./support/until.ts";
import { Upstream } from "./support/upstream.ts";

test("without a control plane requests are answered, Envoy may restart, and the next control plane takes over", async () => {
  await using home = await SnapshotServerHome.create();
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
  await using home = await SnapshotServerHome.create();
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
