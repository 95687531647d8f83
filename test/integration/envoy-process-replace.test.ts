import assert from "node:assert/strict";
import { test } from "node:test";
import { runningEnvoys } from "#envoy/running-envoys.ts";
import { freePorts } from "./support/free-port.ts";
import { httpGet } from "./support/http-get.ts";
import { staticEnvoy, TestEnvoy } from "./support/static-envoy.ts";
import { temporaryDirectory } from "./support/temp-dir.ts";
import { TrafficLoad } from "./support/traffic-load.ts";
import { until } from "./support/until.ts";
import { Upstream } from "./support/upstream.ts";

test("a changed bootstrap takes over without losing a request; the old Envoy ends by itself", async (t) => {
  await using directory = await temporaryDirectory("replace");
  await using upstream = await Upstream.start();
  const [statsPort = 0, port = 0] = await freePorts(2);
  const common = { directory: directory.path, upstreamPort: upstream.port, ports: [statsPort, port] } as const;
  const envoys: TestEnvoy[] = [];
  await using cleanUp = new AsyncDisposableStack();
  for (const generation of ["first", "second", "third"]) {
    const { options } = await staticEnvoy({ ...common, metadata: { generation } });
    envoys.push(cleanUp.use(new TestEnvoy(options)));
  }
  const [first, second, third] = envoys;
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  const running = (): number => runningEnvoys(`${directory.path}/envoy`).length;

  assert.equal(await first.start(t.signal), "started");
  await first.whenLive(t.signal);
  await using load = new TrafficLoad(port);
  for (const next of [second, third]) {
    const before = load.counts.ok;
    await until(() => load.counts.ok > before + 100, { what: "load to flow" });
    await (next === second ? first : second).detach();
    assert.equal(await next.start(t.signal), "replaced");
    await next.whenLive(t.signal);
    await until(running, { accept: (count) => count === 1, what: "the old Envoy to end" });
    assert.ok(await next.admin.isReady(), "its end did not take the admin socket with it");
  }
  const { ok, failures } = await load.stop();
  assert.deepEqual(failures, {}, `of ${ok} requests`);
  assert.equal((await httpGet({ port: statsPort }, "/ready")).status, 200);
});

test("the same bootstrap is not replaced; other flags are", async (t) => {
  await using directory = await temporaryDirectory("flags");
  await using upstream = await Upstream.start();
  const { options } = await staticEnvoy({ directory: directory.path, upstreamPort: upstream.port });
  await using first = new TestEnvoy(options);
  await first.start(t.signal);
  await first.whenLive(t.signal);
  await first.detach();
  await using same = new TestEnvoy(options);
  assert.equal(await same.start(t.signal), "adopted");
  await same.detach();
  await using other = new TestEnvoy({ ...options, concurrency: 2 });
  assert.equal(await other.start(t.signal), "replaced");
  await other.whenLive(t.signal);
});

test("a changed bootstrap that Envoy refuses leaves the old one serving, admin interface and all", async (t) => {
  await using directory = await temporaryDirectory("refused");
  await using upstream = await Upstream.start();
  const { options, port } = await staticEnvoy({ directory: directory.path, upstreamPort: upstream.port });
  await using first = new TestEnvoy(options);
  await first.start(t.signal);
  await first.whenLive(t.signal);
  const broken = new TestEnvoy({ ...options, bootstrap: { ...options.bootstrap, stats_flush_interval: "never" } });
  await assert.rejects(broken.start(t.signal), /Envoy refuses .*stats_flush_interval/s);
  await broken.drainAndStop(0);
  assert.equal((await httpGet({ port }, "/")).status, 200);
  assert.ok(await first.admin.isReady());
  assert.equal(first.ends, 0);
});

test("a changed port that another program holds is told before anything is touched", async (t) => {
  await using directory = await temporaryDirectory("port");
  await using upstream = await Upstream.start();
  await using foreign = await Upstream.start();
  const common = { directory: directory.path, upstreamPort: upstream.port };
  const { options, statsPort, port } = await staticEnvoy(common);
  await using first = new TestEnvoy(options);
  await first.start(t.signal);
  await first.whenLive(t.signal);
  const moved = new TestEnvoy((await staticEnvoy({ ...common, ports: [foreign.port, port] })).options);
  await assert.rejects(moved.start(t.signal), { name: "PortUnavailableError" });
  assert.equal((await httpGet({ port: statsPort }, "/ready")).status, 200);
});

test("an Envoy that does not answer any more is ended and started anew", async (t) => {
  await using directory = await temporaryDirectory("hung");
  await using upstream = await Upstream.start();
  const { options, port } = await staticEnvoy({ directory: directory.path, upstreamPort: upstream.port });
  await using first = new TestEnvoy(options);
  await first.start(t.signal);
  await first.whenLive(t.signal);
  await first.detach();
  const pid = first.state.state === "live" ? first.state.pid : 0;
  process.kill(pid, "SIGSTOP");
  await using second = new TestEnvoy(options);
  assert.equal(await second.start(t.signal), "replaced");
  await second.whenLive(t.signal);
  assert.deepEqual(
    runningEnvoys(options.directory).map(({ identity }) => identity.pid === pid),
    [false],
  );
  assert.equal((await httpGet({ port }, "/")).status, 200);
});
