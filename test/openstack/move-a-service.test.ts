import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { AnswerShares } from "../integration/support/answer-shares.ts";
import { ApplianceHome } from "../integration/support/appliance-home.ts";
import { binnacle } from "../integration/support/cli.ts";
import { until } from "../integration/support/until.ts";
import { Upstream } from "../integration/support/upstream.ts";
import { takeStep, withWeights } from "../integration/support/weight-step.ts";
import { createNamespace } from "../kubernetes/support/access.ts";
import { KubeBox } from "../kubernetes/support/kubebox.ts";
import { claimPodSubnet } from "../kubernetes/support/pod-network.ts";
import { PodStandIn } from "../kubernetes/support/pod-stand-in.ts";
import { deployment, service } from "../kubernetes/support/workload.ts";
import { Session } from "./support/admin.ts";
import { OpenStackBed } from "./support/openstack-bed.ts";

const HOST = "shop.example.com";
const EXAMPLE = resolve(import.meta.dirname, "../../examples/move-a-service");
/** Weights of cloud, rack and east, as docs/move-a-service.md has them, with one way back on the way. */
const STEPS = [
  [80, 20, 0],
  [60, 15, 25],
  [40, 10, 50],
  [80, 20, 0],
  [0, 0, 100],
] as const;

test(
  "the move of the documentation: a service goes from OpenStack and a rack to Kubernetes by weights, and no request is lost",
  { timeout: 480_000 },
  async (t) => {
    await using stack = new AsyncDisposableStack();
    const [bed, east] = await Promise.all([OpenStackBed.start(), KubeBox.start()]);
    stack.use(bed);
    stack.use(east);
    const subnet = stack.use(await claimPodSubnet());
    const answering = (body: string) => (host: string) =>
      Upstream.start({ host, port: 8080, respond: () => ({ body }) });
    for (const host of ["10.88.1.1", "10.88.1.2"]) stack.use(await answering("cloud")(host));
    stack.use(await answering("rack")("10.88.3.1"));
    stack.use(await PodStandIn.start(east.admin, { prefix: subnet.prefix, run: (pod) => answering("east")(pod.ip) }));
    await createNamespace(east.admin, "team-shop");
    const shop = { namespace: "team-shop", name: "shop", replicas: 2 };
    await east.admin.apply(deployment(shop), service(shop));
    const blue = await Session.begin(bed, "team-blue-user", "team-blue-user-pw", "team-blue");
    const only = async (kind: string): Promise<string> => {
      const answer = await blue.balancing("GET", `/${kind}?name=web`);
      return (answer[kind] as { id: string }[])[0]?.id ?? "";
    };
    const [balancer, pool] = [await only("loadbalancers"), await only("pools")];

    const home = stack.use(await ApplianceHome.create("move"));
    const { http } = home;
    const config = await example("binnacle.yaml", {
      "https://keystone.example.com:5000": bed.authUrl,
      "interval: 10s": "interval: 1s",
      "192.0.2.10": "10.88.3.1",
      "secrets/east.kubeconfig": await east.kubeconfigFile(),
    });
    const manifest = await example("manifests/shop.yaml", { "8b1e2f54-6a07-4d43-9c1f-3d5f0a7c9e21": balancer });
    await mkdir(join(home.path, "secrets"));
    await home.write("secrets/openstack-password", "discoverer-pw");
    await home.configure(`${config}\nupstreams: {allowLocal: [8080]}`);
    const weigh = (weights: readonly number[]) => home.write("manifests/shop.yaml", withWeights(manifest, weights));
    await weigh(STEPS[0]);
    stack.use(await home.serve());
    const command = (...argv: readonly string[]) => binnacle(home.state, ...argv);
    const endpoints = async (): Promise<Readonly<Record<string, number>>> => {
      const { stdout } = await command("backends", "services", "-o", "json");
      const services = JSON.parse(stdout) as readonly { backend: string; endpoints: number }[];
      return Object.fromEntries(services.map((each) => [each.backend, each.endpoints]));
    };
    assert.deepEqual(await endpoints(), { cloud: 2, rack: 1, east: 2 });
    const explained = (await command("explain", `${HOST}/`)).stdout;
    for (const words of [/80 % .* of cloud/, /20 % .* of rack/, /0 % .* of east/]) assert.match(explained, words);
    await home.write("next.yaml", withWeights(manifest, STEPS[1]));
    const difference = await command("diff", join(home.path, "next.yaml"));
    assert.equal(difference.code, 1);
    assert.match(difference.stdout, /\+ 25 % to east\/team-shop\/east-shop\/80/);

    const load = stack.use(new AnswerShares({ port: http, host: HOST }));
    for (const [cloud, rack, east] of STEPS) {
      const { answers, milliseconds } = await takeStep(load, { cloud, rack, east }, () => weigh([cloud, rack, east]));
      t.diagnostic(`${cloud}/${rack}/${east}: seen after ${milliseconds.toFixed(0)} ms; ${JSON.stringify(answers)}`);
    }

    const { members } = (await blue.balancing("GET", `/pools/${pool}/members`)) as { members: { id: string }[] };
    for (const { id } of members)
      await until(() => blue.balancing("DELETE", `/pools/${pool}/members/${id}`).then(() => true), {
        timeoutMs: 60_000,
        what: "the end of a member",
      });
    await until(endpoints, { accept: ({ cloud }) => cloud === 0, what: "a load balancer without members" });
    assert.deepEqual(await load.next(1000), { east: 1000 });
    const left = manifest.replace(/ +# The load balancer in OpenStack[^]*(?= +# The Service in the cluster)/, "");
    await home.write("manifests/shop.yaml", withWeights(left, [100]));
    const goesTo = async () => (await command("explain", `${HOST}/`)).stdout;
    await until(goesTo, { accept: (text) => !/of (cloud|rack)/.test(text), what: "a route to the cluster alone" });
    assert.match(await goesTo(), /100 % .* of east/);
    assert.deepEqual(await load.next(1000), { east: 1000 });
    await load[Symbol.asyncDispose]();
    assert.deepEqual(load.lost, [], `of ${load.requests} requests`);
  },
);

/** A file of the example, in which each of these texts, which it has to have, is replaced. */
async function example(path: string, values: Readonly<Record<string, string>>): Promise<string> {
  let text = await readFile(join(EXAMPLE, path), "utf8");
  for (const [from, to] of Object.entries(values)) {
    assert.ok(text.includes(from), `${path} has no ${from}`);
    text = text.replaceAll(from, to);
  }
  return text;
}
