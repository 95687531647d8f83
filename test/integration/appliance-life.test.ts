import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { suite, test } from "node:test";
import { API_ADDRESS_FILE } from "#cli/api-client.ts";
import { runningEnvoys } from "#envoy/running-envoys.ts";
import { snapshotServerPlaces } from "#snapshot-server/places.ts";
import { readServerRecord } from "#snapshot-server/server-record.ts";
import { stopSnapshotServer } from "#snapshot-server/stop-snapshot-server.ts";
import { endProcess, isRunning } from "#supervisor/process-identity.ts";
import { ApplianceHome } from "./support/appliance-home.ts";
import { freePort } from "./support/free-port.ts";
import { httpGet } from "./support/http-get.ts";
import { ingress, service, together } from "./support/manifests.ts";
import { TrafficLoad } from "./support/traffic-load.ts";
import { until } from "./support/until.ts";
import { Upstream } from "./support/upstream.ts";

suite("the appliance's life", () => {
  test("killed, it stops no request; a start that fails leaves traffic alone; the next one adopts; a stop leaves nothing", async () => {
    await using upstream = await Upstream.start();
    await using home = await ApplianceHome.create("life");
    const { http, api } = home;
    await home.write(
      "manifests/app.yaml",
      together(
        service("team", "app", [upstream]),
        ingress("team", "app", "", "app"),
        ingress("team", "lost", "lost.test", "gone"),
      ),
    );
    const settings = `sources: {directory: manifests}\nupstreams: {allowLocal: [${upstream.port}]}`;
    await home.configure(settings);

    const first = await home.serve();
    const load = new TrafficLoad(http);
    // What a test that fails leaves: it was meant to outlive its appliance.
    await using _rest = {
      [Symbol.asyncDispose]: async () => {
        await load.stop();
        for (const { identity } of runningEnvoys(join(home.state, "envoy"))) await endProcess(identity, 1000);
        await stopSnapshotServer(home.state);
      },
    };
    await until(() => load.counts.ok > 20, { what: "traffic" });
    const told = "1 error in manifests: npx binnacle status says what and where";
    await until(() => first.output.includes(told), { what: "the start to say that a manifest is wrong" });
    const [envoy] = runningEnvoys(join(home.state, "envoy"));
    await first.kill();
    await someMore(load);

    const taken = createServer().listen(api, "127.0.0.1");
    await once(taken, "listening");
    // Before it has come to the Envoy that serves, and after that.
    const spare = await freePort();
    await home.configure(settings, (config) =>
      config.replace(/statsPort: \d+/, `statsPort: ${api}`).replace(`{port: ${api}}`, `{port: ${spare}}`),
    );
    const early = home.start();
    assert.equal(await early.ended, 1);
    assert.match(early.output, new RegExp(`Envoy cannot listen on 127\\.0\\.0\\.1:${api}`));
    assertSnapshotServerRuns(home.state);
    await home.configure(settings);
    const failing = home.start();
    assert.equal(await failing.ended, 1);
    assert.match(failing.output, new RegExp(`the API cannot listen on 127\\.0\\.0\\.1:${api}`));
    assertSnapshotServerRuns(home.state);
    taken.close();
    await someMore(load);

    const second = await home.serve();
    assert.match(second.output, /Envoy was running already and goes on/);
    assert.deepEqual(runningEnvoys(join(home.state, "envoy"))[0]?.identity, envoy?.identity);
    assert.deepEqual((await load.stop()).failures, {});

    // As a terminal does it that is closed.
    assert.equal(await second.stop("SIGHUP"), 0);
    assert.deepEqual(runningEnvoys(join(home.state, "envoy")), []);
    assert.throws(() => assertSnapshotServerRuns(home.state), "it ends with the Envoy that it stands in for");
    await assert.rejects(httpGet({ port: http }, "/"), /ECONNREFUSED/);
    assert.ok(!existsSync(join(home.state, API_ADDRESS_FILE)), "no command finds an API there any more");
  });

  test("asked to end while it starts, it takes an Envoy along that served before, as it does later", async () => {
    await using home = await ApplianceHome.create("life");
    await home.configure("sources: {directory: manifests}");
    await using _rest = {
      [Symbol.asyncDispose]: async () => {
        for (const { identity } of runningEnvoys(join(home.state, "envoy"))) await endProcess(identity, 1000);
        await stopSnapshotServer(home.state);
      },
    };
    await (await home.serve()).kill();
    assert.equal(runningEnvoys(join(home.state, "envoy")).length, 1);
    const next = home.start();
    await until(() => next.output.includes("Envoy was running already"), { what: "the adoption", intervalMs: 1 });
    assert.equal(await next.stop(), 0);
    assert.deepEqual(runningEnvoys(join(home.state, "envoy")), []);
  });
});

function assertSnapshotServerRuns(state: string): void {
  const record = readServerRecord(snapshotServerPlaces(state).record);
  assert.ok(record !== undefined && isRunning(record), "a snapshot server runs");
}

async function someMore(load: TrafficLoad): Promise<void> {
  const { ok } = load.counts;
  await until(() => load.counts.ok > ok + 50, { what: "more answers" });
}
