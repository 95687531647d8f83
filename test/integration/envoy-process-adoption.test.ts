import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { firstLine } from "./support/first-line.ts";
import { freePorts } from "./support/free-port.ts";
import { staticEnvoy, type StaticEnvoySettings, TestEnvoy } from "./support/static-envoy.ts";
import { temporaryDirectory } from "./support/temp-dir.ts";
import { TrafficLoad } from "./support/traffic-load.ts";
import { until } from "./support/until.ts";
import { Upstream } from "./support/upstream.ts";

const STAND_IN = fileURLToPath(new URL("./support/control-plane-stand-in.ts", import.meta.url));

test("a killed control plane stops no request, and the next one adopts its Envoy", async (t) => {
  await using directory = await temporaryDirectory("adopt");
  await using upstream = await Upstream.start();
  const [statsPort = 0, port = 0] = await freePorts(2);
  const settings = { directory: directory.path, upstreamPort: upstream.port, ports: [statsPort, port] } as const;
  await using next = new TestEnvoy((await staticEnvoy(settings)).options);

  const controlPlane = spawn(process.execPath, [STAND_IN, JSON.stringify(settings satisfies StaticEnvoySettings)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const said: { readonly state: { readonly pid: number } } = JSON.parse(await firstLine(controlPlane.stdout));
  await using load = new TrafficLoad(port);
  await until(() => load.counts.ok > 100, { what: "load to flow" });

  controlPlane.kill("SIGKILL");
  const [, signal] = await once(controlPlane, "exit");
  assert.equal(signal, "SIGKILL");
  const atKill = load.counts.ok;
  await until(() => load.counts.ok > atKill + 300, { what: "load to flow without a control plane" });

  assert.equal(await next.start(t.signal), "adopted");
  const adopted = next.state.state === "live" ? next.state : undefined;
  assert.deepEqual([adopted?.adopted, adopted?.pid], [true, said.state.pid]);
  const atAdoption = load.counts.ok;
  await until(() => load.counts.ok > atAdoption + 100, { what: "load to flow after the adoption" });
  assert.deepEqual((await load.stop()).failures, {});

  await t.test("and restarts it like one of its own", async () => {
    const pid = adopted?.pid ?? 0;
    process.kill(pid, "SIGKILL");
    await until(() => next.state, {
      accept: (state) => state.state === "live" && state.pid !== pid,
      what: "a new Envoy",
    });
    assert.equal(next.ends, 1);
  });
});
