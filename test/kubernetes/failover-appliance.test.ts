import assert from "node:assert/strict";
import { test } from "node:test";
import { AnswerShares } from "../integration/support/answer-shares.ts";
import { ApplianceHome } from "../integration/support/appliance-home.ts";
import { proxyOverBoth } from "../integration/support/proxy-over-both.ts";
import { Upstream } from "../integration/support/upstream.ts";
import { createNamespace } from "./support/access.ts";
import { eastAndWest } from "./support/east-and-west.ts";
import { KubeBox } from "./support/kubebox.ts";
import { claimPodSubnet } from "./support/pod-network.ts";
import { type PlacedPod, PodStandIn } from "./support/pod-stand-in.ts";
import { deployment, service } from "./support/workload.ts";

const HOST = "shop.example";
const WEB = { namespace: "shop", name: "web" };

test(
  "one route over two clusters: weights, and one of them without ready Pods, or with dead ones",
  { timeout: 300_000 },
  async (t) => {
    await using stack = new AsyncDisposableStack();
    const start = async (name: string) => {
      const box = stack.use(await KubeBox.start());
      const { prefix } = stack.use(await claimPodSubnet());
      const running = new Map<PlacedPod, Upstream>();
      const run = async (pod: PlacedPod): Promise<Upstream> => {
        const upstream = await Upstream.start({ host: pod.ip, port: 8080, respond: () => ({ body: name }) });
        running.set(pod, upstream);
        return upstream;
      };
      const pods = stack.use(await PodStandIn.start(box.admin, { prefix, run }));
      await createNamespace(box.admin, WEB.namespace);
      await box.admin.apply(deployment({ ...WEB, replicas: 2 }), service(WEB));
      return { box, pods, running, run };
    };
    const [east, west] = await Promise.all([start("east"), start("west")]);
    const home = stack.use(await ApplianceHome.create("failover"));
    const { http } = home;
    await home.write("manifests/shop.json", proxyOverBoth(WEB, HOST));
    await home.configure(await eastAndWest(east.box, west.box));
    stack.use(await home.serve());
    const load = stack.use(new AnswerShares({ port: http, host: HOST }));
    await load.only("east", "west");
    const lostAtStart = load.lost.length;
    const lost = (): readonly string[] => load.lost.slice(lostAtStart);
    const shares = await load.next(10_000);
    const share = (shares["east"] ?? 0) / 100;
    t.diagnostic(`${share} % of 10,000 to the cluster with weight 70`);
    assert.ok(Math.abs(share - 70) <= 2, JSON.stringify(shares));

    const ready = (value: boolean) =>
      Promise.all([...east.running.keys()].map(({ namespace, name }) => east.pods.setReady(namespace, name, value)));
    await ready(false);
    await load.only("west");
    await ready(true);
    await load.only("east", "west");
    assert.deepEqual(lost(), [], "Pods that say beforehand that they are going cost no request");

    assert.equal(east.running.size, 2);
    await Promise.all([...east.running.values()].map((upstream) => upstream[Symbol.asyncDispose]()));
    await load.only("west");
    const died = lost();
    t.diagnostic(`${died.length} of ${load.requests} requests were lost with the Pods that had them`);
    assert.ok(died.length <= 4, "no more than there are connections");
    for (const words of died) assert.match(words, /connection termination/, "sent before it died");
    for (const pod of east.running.keys()) stack.use(await east.run(pod));
    await load.only("east", "west");
    const again = await load.next(1_000);
    assert.ok(Math.abs((again["east"] ?? 0) - 700) <= 80, JSON.stringify(again));
    assert.equal(lost().length, died.length, "giving back loses nothing");
  },
);
