import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { suite, test } from "node:test";
import { runningEnvoys } from "#envoy/running-envoys.ts";
import { freePorts } from "./support/free-port.ts";
import { httpGet } from "./support/http-get.ts";
import { ingress, service } from "./support/manifests.ts";
import { temporaryDirectory } from "./support/temp-dir.ts";
import { TrafficLoad } from "./support/traffic-load.ts";
import { until } from "./support/until.ts";
import { Upstream } from "./support/upstream.ts";

const CLI = resolve(import.meta.dirname, "../../src/cli.ts");

suite("the appliance's life", () => {
  test("killed, it stops no request; a start that fails leaves traffic alone; the next one adopts; a stop leaves nothing", async () => {
    await using upstream = await Upstream.start();
    await using home = await temporaryDirectory("life");
    const [http = 0, https = 0, api = 0, stats = 0] = await freePorts(4);
    await mkdir(join(home.path, "manifests"));
    await writeFile(
      join(home.path, "manifests", "app.yaml"),
      [service("team", "app", [upstream]), ingress("team", "app", "", "app")].join("---\n"),
    );
    await writeFile(join(home.path, "binnacle.yaml"), configText(http, https, api, stats, upstream.port));
    const ready = () => httpGet({ port: api }, "/readyz", { host: `127.0.0.1:${api}` });
    const isReady = { accept: ({ status }: { status: number }) => status === 200, timeoutMs: 60_000 };

    const first = new Appliance(home.path);
    await until(ready, { ...isReady, what: "the appliance to be ready" });
    const load = new TrafficLoad(http);
    await until(() => load.counts.ok > 20, { what: "traffic" });
    const [envoy] = runningEnvoys(join(home.path, "state", "envoy"));
    await first.kill();
    await someMore(load);

    const taken = createServer().listen(api, "127.0.0.1");
    await once(taken, "listening");
    const failing = new Appliance(home.path);
    assert.equal(await failing.ended, 1);
    assert.match(failing.output, new RegExp(`the API cannot listen on 127\\.0\\.0\\.1:${api}`));
    taken.close();
    await someMore(load);

    const second = new Appliance(home.path);
    await until(ready, { ...isReady, what: "the next appliance to be ready" });
    assert.match(second.output, /Envoy was running already and goes on/);
    assert.deepEqual(runningEnvoys(join(home.path, "state", "envoy"))[0]?.identity, envoy?.identity);
    assert.deepEqual((await load.stop()).failures, {});

    assert.equal(await second.stop(), 0);
    assert.deepEqual(runningEnvoys(join(home.path, "state", "envoy")), []);
    await assert.rejects(httpGet({ port: http }, "/"), /ECONNREFUSED/);
  });
});

/** `binnacle up` in a process of its own. */
class Appliance {
  readonly #child: ChildProcess;
  readonly ended: Promise<number | null>;
  output = "";

  constructor(home: string) {
    const args = [CLI, "up", "--config", join(home, "binnacle.yaml"), "--state", join(home, "state")];
    this.#child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on("data", (data: Buffer) => (this.output += data.toString()));
    }
    this.ended = once(this.#child, "close").then(([code]) => code as number | null);
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.ended;
  }

  stop(): Promise<number | null> {
    this.#child.kill("SIGTERM");
    return this.ended;
  }
}

async function someMore(load: TrafficLoad): Promise<void> {
  const { ok } = load.counts;
  await until(() => load.counts.ok > ok + 50, { what: "more answers" });
}

function configText(http: number, https: number, api: number, stats: number, upstream: number): string {
  return `listeners:
  - {name: http, port: ${http}, protocol: http}
  - {name: https, port: ${https}, protocol: https}
sources: {directory: manifests}
upstreams: {allowLocal: [${upstream}]}
envoy: {statsPort: ${stats}, drainTime: 1s}
api: {port: ${api}}
monitoring:
  prometheus: {enabled: false}
  alertmanager: {enabled: false}
  nodeExporter: {enabled: false}
  grafana: {enabled: false}
`;
}
