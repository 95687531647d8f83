import assert from "node:assert/strict";
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import { AdminError, EnvoyAdmin } from "#envoy/admin.ts";
import { EnvoyProcess } from "#envoy/process.ts";
import { runningEnvoys } from "#envoy/running-envoys.ts";
import { commandLine } from "#supervisor/process-identity.ts";
import { httpGet } from "./support/http-get.ts";
import { staticEnvoy, TestEnvoy, UPSTREAM_CLUSTER } from "./support/static-envoy.ts";
import { temporaryDirectory } from "./support/temp-dir.ts";
import { until } from "./support/until.ts";
import { Upstream } from "./support/upstream.ts";

test("Envoy starts, serves, answers its admin interface, and stops", async (t) => {
  await using directory = await temporaryDirectory("envoy");
  await using upstream = await Upstream.start();
  const { port, options } = await staticEnvoy({ directory: directory.path, upstreamPort: upstream.port });
  await using envoy = new TestEnvoy(options);
  const states: string[] = [];
  envoy.events.on("state", (state) => states.push(state.state));

  assert.equal(await envoy.start(t.signal), "started");
  await envoy.whenLive(t.signal);
  assert.equal((await httpGet({ port }, "/a")).body, "ok\n");
  assert.ok(await envoy.admin.isReady());
  const info = await envoy.admin.serverInfo();
  assert.equal(info.state, "LIVE");
  assert.match(info.version, /\/1\.\d+\.\d+\//);
  assert.match(await envoy.admin.stats("^server\\.live$"), /^server\.live: 1$/m);
  const clusters = await envoy.admin.clusters();
  assert.ok(clusters.toString().includes(UPSTREAM_CLUSTER));
  assert.equal(statSync(options.adminSocket).mode & 0o777, 0o600);

  const [runningBefore] = runningEnvoys(options.directory);
  assert.ok(runningBefore !== undefined);
  await envoy.drainAndStop(1000);
  assert.deepEqual(states, ["starting", "live", "draining", "stopped"]);
  const { baseId } = runningBefore.command;
  assert.deepEqual(
    readdirSync("/dev/shm").filter((name) => name.includes(String(baseId))),
    [],
  );
  assert.deepEqual(
    readdirSync(directory.path).filter((name) => name.startsWith("hr")),
    [],
  );
  await assert.rejects(httpGet({ port }, "/"), /ECONNREFUSED/);
  await assert.rejects(envoy.admin.isReady(), AdminError);
});

test("the statistics listener hands two pages through and nothing else", async (t) => {
  await using directory = await temporaryDirectory("envoy");
  await using upstream = await Upstream.start();
  const { port, statsPort, options } = await staticEnvoy({ directory: directory.path, upstreamPort: upstream.port });
  await using envoy = new TestEnvoy(options);
  await envoy.start(t.signal);
  await envoy.whenLive(t.signal);
  const host = `127.0.0.1:${statsPort}`;
  const ask = async (path: string, method = "GET", as = host): Promise<number> =>
    (await httpGet({ port: statsPort }, path, { method, host: as })).status;

  await t.test("metrics, with a query, and readiness", async () => {
    await httpGet({ port }, "/");
    assert.equal(await ask("/ready"), 200);
    assert.equal(await ask("/ready", "GET", `localhost:${statsPort}`), 200);
    const scrape = await httpGet({ port: statsPort }, "/stats/prometheus?filter=server%5C.live", { host });
    assert.equal(scrape.status, 200);
    const samples = scrape.body.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    assert.deepEqual(samples, ["envoy_server_live{} 1"], "the query is passed on");
  });

  await t.test("a cluster's name, slashes and all, is one label", async () => {
    const { body } = await httpGet({ port: statsPort }, "/stats/prometheus", { host });
    const line = body
      .split("\n")
      .find((text) => text.startsWith("envoy_cluster_upstream_rq_total{") && text.includes("web"));
    assert.equal(line, `envoy_cluster_upstream_rq_total{envoy_cluster_name="${UPSTREAM_CLUSTER}"} 1`);
  });

  await t.test("other pages, methods, hosts and disguises are refused", async () => {
    const pages = ["/", "/stats", "/config_dump", "/clusters", "/certs", "/help", "/quitquitquit", "/drain_listeners"];
    for (const page of [...pages, "/ready/", "/ready/../stats", "//ready", "/stats/prometheus/x", "/READY"]) {
      assert.equal(await ask(page), 404, page);
      assert.equal(await ask(page, "POST"), 404, `POST ${page}`);
    }
    assert.equal(await ask("/ready%2f..%2fstats"), 400);
    for (const method of ["POST", "PUT", "DELETE", "HEAD", "OPTIONS"])
      assert.equal(await ask("/ready", method), 404, method);
    for (const name of ["rebound.example", `rebound.example:${statsPort}`, "127.0.0.1:1", "localhost.example"]) {
      assert.equal(await ask("/ready", "GET", name), 403, name);
    }
    assert.ok(await envoy.admin.isReady(), "and Envoy has not heard of any of it");
  });
});

test("two appliances on one machine do not meet", async (t) => {
  await using directories = new AsyncDisposableStack();
  await using upstream = await Upstream.start();
  const envoys: TestEnvoy[] = [];
  for (const name of ["one", "two"]) {
    const directory = directories.use(await temporaryDirectory(name));
    const { options, port } = await staticEnvoy({ directory: directory.path, upstreamPort: upstream.port });
    const envoy = directories.use(new TestEnvoy(options));
    assert.equal(await envoy.start(t.signal), "started");
    await envoy.whenLive(t.signal);
    assert.equal((await httpGet({ port }, "/")).status, 200);
    envoys.push(envoy);
  }
  await envoys[0]?.drainAndStop(0);
  assert.ok(await envoys[1]?.admin.isReady());
});

test("a bootstrap that Envoy refuses is told in Envoy's words, at once", async (t) => {
  await using directory = await temporaryDirectory("envoy");
  const { options } = await staticEnvoy({ directory: directory.path, upstreamPort: 1 });
  await using envoy = new TestEnvoy({ ...options, bootstrap: { ...options.bootstrap, watchdog: { no_such: 1 } } });
  await assert.rejects(envoy.start(t.signal), {
    name: "EnvoyStartError",
    message: /did not start: it exited with code 1: .*no_such/s,
  });
  assert.equal(envoy.state.state, "stopped");
});

test("a port that another program holds is named, with that program and the setting", async (t) => {
  await using directory = await temporaryDirectory("envoy");
  await using foreign = await Upstream.start();
  const { options } = await staticEnvoy({ directory: directory.path, upstreamPort: 1, ports: [foreign.port, 1] });
  await using envoy = new TestEnvoy(options);
  await assert.rejects(envoy.start(t.signal), {
    name: "PortUnavailableError",
    message: new RegExp(
      `Envoy cannot listen on 127.0.0.1:${foreign.port}: process ${process.pid} \\(.*\\) already does; .*envoy.statsPort`,
    ),
  });
});

test("a program that is no Envoy, or is not there, is told", async (t) => {
  await using directory = await temporaryDirectory("envoy");
  const { options } = await staticEnvoy({ directory: directory.path, upstreamPort: 1 });
  await using missing = new TestEnvoy({ ...options, binary: "/nonexistent/envoy" });
  await assert.rejects(missing.start(t.signal), /Envoy at \/nonexistent\/envoy cannot be run: .*ENOENT/);
  await using other = new TestEnvoy({ ...options, binary: process.execPath });
  await assert.rejects(other.start(t.signal), /cannot be run|is no Envoy/);
});

test("a forged or stale record ends no stranger", async (t) => {
  await using directory = await temporaryDirectory("envoy");
  await using upstream = await Upstream.start();
  const { options } = await staticEnvoy({ directory: directory.path, upstreamPort: upstream.port });
  const record = { pid: process.pid, startTicks: 1, bootId: "x", hash: "h", binary: "b", version: "v" };
  writeFileSync(
    join(options.directory, "envoy.json"),
    JSON.stringify({ ...record, baseId: 1, epoch: 0, logStart: 0, startedAt: "" }),
  );
  await using envoy = new TestEnvoy(options);
  assert.equal(await envoy.start(t.signal), "started");
  await envoy.drainAndStop(0);
  assert.ok(commandLine(process.pid) !== undefined, "this process is still here to say so");
});

test("an admin interface that does not answer is an error with words", async () => {
  await using directory = await temporaryDirectory("admin");
  const socketPath = join(directory.path, "s");
  const server = createServer((request, response) => {
    if (request.url === "/silent") return;
    response.writeHead(503).end("not now\n");
  }).listen(socketPath);
  await once(server, "listening");
  const admin = new EnvoyAdmin(socketPath);
  await assert.rejects(admin.get("/silent", { timeoutMs: 50 }), /at .*\/s: GET \/silent did not answer within 50 ms/);
  await assert.rejects(admin.post("/x"), /POST \/x answered 503: not now/);
  assert.equal(await admin.isReady(), false);
  await assert.rejects(admin.get("/silent", { signal: AbortSignal.abort(new Error("enough")) }), /enough/);
  server.closeAllConnections();
  server.close();
  await assert.rejects(new EnvoyAdmin(join(directory.path, "none")).isReady(), /could not be asked: .*ENOENT/);
});

test("leaving it leaves it running, and the next start adopts it", async (t) => {
  await using directory = await temporaryDirectory("envoy");
  await using upstream = await Upstream.start();
  const { options, port } = await staticEnvoy({ directory: directory.path, upstreamPort: upstream.port });
  await using cleanUp = new TestEnvoy(options);
  const first = new EnvoyProcess(options);
  await first.start(t.signal);
  await first.whenLive(t.signal);
  const pid = first.state.state === "live" ? first.state.pid : 0;
  await first[Symbol.asyncDispose]();
  assert.equal((await httpGet({ port }, "/")).status, 200);

  assert.equal(await cleanUp.start(t.signal), "adopted");
  assert.deepEqual({ ...cleanUp.state, since: 0 }, { state: "live", pid, since: 0, adopted: true });
  await until(() => cleanUp.responding, { what: "the adopted one to be watched" });
});
