import assert from "node:assert/strict";
import { test } from "node:test";
import { ApplianceHome } from "../integration/support/appliance-home.ts";
import { httpGet } from "../integration/support/http-get.ts";
import { SteadyLoad } from "../integration/support/steady-load.ts";
import { until } from "../integration/support/until.ts";
import { Upstream } from "../integration/support/upstream.ts";
import { createNamespace } from "./support/access.ts";
import { eastAndWest, routesToBoth } from "./support/east-and-west.ts";
import { KubeBox } from "./support/kubebox.ts";
import { claimPodSubnet } from "./support/pod-network.ts";
import { PodStandIn } from "./support/pod-stand-in.ts";
import { deployment, service } from "./support/workload.ts";

const HOST = "shop.example";
/** Scales of the Deployment while traffic flows, each to be seen in it. */
const SCALES = 10;

/** A cluster whose Pods answer `<cluster> <Pod's name>`. */
interface Cluster {
  readonly box: KubeBox;
  readonly pods: PodStandIn;
}

test(
  "one host, two paths, two clusters: Pods come and go in its traffic, and an API that is away costs no request",
  { timeout: 240_000 },
  async (t) => {
    await using stack = new AsyncDisposableStack();
    const start = async (name: string): Promise<Cluster> => {
      const box = stack.use(await KubeBox.start());
      const { prefix } = stack.use(await claimPodSubnet());
      const run = (pod: { name: string; ip: string }) =>
        Upstream.start({ host: pod.ip, port: 8080, respond: () => ({ body: `${name} ${pod.name}` }) });
      const pods = stack.use(await PodStandIn.start(box.admin, { prefix, run }));
      await createNamespace(box.admin, "shop");
      await box.admin.apply(deployment(web(1)), service(WEB));
      return { box, pods };
    };
    const [east, west] = await Promise.all([start("east"), start("west")]);
    const home = stack.use(await ApplianceHome.create("clusters"));
    const { http } = home;
    await home.write("manifests/shop.yaml", routesToBoth(HOST));
    await home.configure(await eastAndWest(east.box, west.box));
    const ask = async (path: string) => (await httpGet({ port: http }, path, { host: HOST })).body;
    const answersFrom = (path: string, pattern: RegExp) =>
      until(() => ask(path), { accept: (body) => pattern.test(body), what: `${pattern} at ${path}`, intervalMs: 2 });
    stack.use(await home.serve());
    await answersFrom("/", /^east web-/);
    await answersFrom("/west", /^west web-/);

    const load = ["/", "/west"].map((path) => stack.use(new SteadyLoad({ port: http, host: HOST, path })));
    const times: number[] = [];
    const seen = new Set([await ask("/")]);
    for (let replicas = 2; replicas < 2 + SCALES; replicas++) {
      const began = performance.now();
      await east.box.admin.apply(deployment(web(replicas)));
      seen.add(
        await until(() => ask("/"), {
          accept: (body) => body !== "" && !seen.has(body),
          what: "the new Pod's answer",
          intervalMs: 2,
        }),
      );
      times.push(performance.now() - began);
    }
    times.sort((a, b) => a - b);
    t.diagnostic(
      `a Deployment's new Pod is in traffic after ${times[SCALES / 2]?.toFixed(0)} ms (median of ${SCALES})`,
    );

    await east.box.kill();
    const metric = (name: string) => home.metricOf("east", name);
    await until(() => metric("binnacle_source_synced"), {
      accept: (value) => value === "0",
      what: "the metric behind DiscoverySourceStale",
    });
    assert.match(await ask("/"), /^east web-/);
    assert.match(await ask("/west"), /^west web-/);
    const tallies = await Promise.all(load.map((each) => each.end()));
    for (const tally of tallies) assert.deepEqual(Object.keys(tally), ["200"], JSON.stringify(tallies));

    await east.box.restart();
    await east.box.admin.apply(deployment(web(0)));
    const gone = async () => (await httpGet({ port: http }, "/", { host: HOST })).status;
    await until(gone, { accept: (status) => status === 503, what: "no endpoint in the east", timeoutMs: 60_000 });
    await east.box.admin.apply(deployment(web(1)));
    const back = await until(() => ask("/"), { accept: (body) => body.startsWith("east web-"), timeoutMs: 60_000 });
    assert.ok(!seen.has(back), "another Pod");
    await until(() => metric("binnacle_source_synced"), { accept: (value) => value === "1", what: "in step again" });
  },
);

const WEB = { namespace: "shop", name: "web" };

function web(replicas: number) {
  return { ...WEB, replicas };
}
