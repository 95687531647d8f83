import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { suite, test } from "node:test";
import { runningEnvoys } from "#envoy/running-envoys.ts";
import { snapshotServerPlaces } from "#snapshot-server/places.ts";
import { readServerRecord } from "#snapshot-server/server-record.ts";
import { stopSnapshotServer } from "#snapshot-server/stop-snapshot-server.ts";
import { endProcess, isRunning } from "#supervisor/process-identity.ts";
import { applianceConfig, ApplianceProcess } from "./support/appliance-process.ts";
import { freePorts } from "./support/free-port.ts";
import { httpGet } from "./support/http-get.ts";
import { ingress, service } from "./support/manifests.ts";
import { temporaryDirectory } from "./support/temp-dir.ts";
import { TrafficLoad } from "./support/traffic-load.ts";
import { until } from "./support/until.ts";
import { Upstream } from "./support/upstream.ts";

suite("the appliance's life", () => {
  test("killed, it stops no request; a start that fails leaves traffic alone; the next one adopts; a stop leaves nothing", async () => {
    await using upstream = await Upstream.start();
    await using home = await temporaryDirectory("life");
    const ports = await freePorts(5);
    const [http = 0, https = 0, api = 0, , spare = 0] = ports;
    await mkdir(join(home.path, "manifests"));
    await writeFile(
      join(home.path, "manifests", "app.yaml"),
      [service("team", "app", [upstream]), ingress("team", "app", "", "app")].join("---\n"),
    );
    const settings = `sources: {directory: manifests}\nupstreams: {allowLocal: [${upstream.port}]}`;
    await writeFile(join(home.path, "binnacle.yaml"), applianceConfig(ports, settings));
    const ready = () => httpGet({ port: api }, "/readyz", { host: `127.0.0.1:${api}` });
    const isReady = { accept: ({ status }: { status: number }) => status === 200, timeoutMs: 60_000 };

    const first = new ApplianceProcess(home.path);
    await until(ready, { ...isReady, what: "the appliance to be ready" });
    const load = new TrafficLoad(http);
    // What a test that fails leaves: it was meant to outlive its appliance.
    await using _rest = {
      [Symbol.asyncDispose]: async () => {
        await load.stop();
        for (const { identity } of runningEnvoys(join(home.path, "state", "envoy"))) await endProcess(identity, 1000);
        await stopSnapshotServer(join(home.path, "state"));
      },
    };
    await until(() => load.counts.ok > 20, { what: "traffic" });
    const [envoy] = runningEnvoys(join(home.path, "state", "envoy"));
    await first.kill();
    await someMore(load);

    const taken = createServer().listen(api, "127.0.0.1");
    await once(taken, "listening");
    // Before it has come to the Envoy that serves, and after that.
    await writeFile(join(home.path, "binnacle.yaml"), applianceConfig([http, https, spare, api], settings));
    const early = new ApplianceProcess(home.path);
    assert.equal(await early.ended, 1);
    assert.match(early.output, new RegExp(`Envoy cannot listen on 127\\.0\\.0\\.1:${api}`));
    assertSnapshotServerRuns(home.path);
    await writeFile(join(home.path, "binnacle.yaml"), applianceConfig(ports, settings));
    const failing = new ApplianceProcess(home.path);
    assert.equal(await failing.ended, 1);
    assert.match(failing.output, new RegExp(`the API cannot listen on 127\\.0\\.0\\.1:${api}`));
    assertSnapshotServerRuns(home.path);
    taken.close();
    await someMore(load);

    const second = new ApplianceProcess(home.path);
    await until(ready, { ...isReady, what: "the next appliance to be ready" });
    assert.match(second.output, /Envoy was running already and goes on/);
    assert.deepEqual(runningEnvoys(join(home.path, "state", "envoy"))[0]?.identity, envoy?.identity);
    assert.deepEqual((await load.stop()).failures, {});

    // As a terminal does it that is closed.
    assert.equal(await second.stop("SIGHUP"), 0);
    assert.deepEqual(runningEnvoys(join(home.path, "state", "envoy")), []);
    assert.throws(() => assertSnapshotServerRuns(home.path), "it ends with the Envoy that it stands in for");
    await assert.rejects(httpGet({ port: http }, "/"), /ECONNREFUSED/);
  });
});

function assertSnapshotServerRuns(home: string): void {
  const record = readServerRecord(snapshotServerPlaces(join(home, "state")).record);
  assert.ok(record !== undefined && isRunning(record), "a snapshot server runs");
}

async function someMore(load: TrafficLoad): Promise<void> {
  const { ok } = load.counts;
  await until(() => load.counts.ok > ok + 50, { what: "more answers" });
}
