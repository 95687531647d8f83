import assert from "node:assert/strict";
import { test } from "node:test";
import { AnswerShares } from "../integration/support/answer-shares.ts";
import { ApplianceHome } from "../integration/support/appliance-home.ts";
import { binnacle } from "../integration/support/cli.ts";
import { until } from "../integration/support/until.ts";
import { Upstream } from "../integration/support/upstream.ts";
import { type Shares, takeStep, withWeights } from "../integration/support/weight-step.ts";
import { createNamespace } from "../kubernetes/support/access.ts";
import { KubeBox } from "../kubernetes/support/kubebox.ts";
import { claimPodSubnet } from "../kubernetes/support/pod-network.ts";
import { PodStandIn } from "../kubernetes/support/pod-stand-in.ts";
import { deployment, service } from "../kubernetes/support/workload.ts";
import { Moto } from "../platforms/support/moto.ts";
import { Session } from "./support/admin.ts";
import { OpenStackBed } from "./support/openstack-bed.ts";

const HOST = "shop.example.com";
const REGION = "eu-west-1";
const SHOP = { namespace: "team-shop", name: "shop" };
const TAGS = { "binnacle.service": "shop", "binnacle.port": "8080", "binnacle.team": "shop" };
/** The members that the bed has by itself. */
const MEMBERS = ["10.88.1.1", "10.88.1.2"];
const INSTANCES = ["10.88.4.1", "10.88.4.2"];

/** One route over a Service of a cluster, a load balancer's members and instances; each takes over from the others. */
const proxy = (balancer: string) => {
  const [east, cloud, aws] = ["east-shop", `cloud-${balancer}`, "aws-shop"];
  const [toEast, toCloud, toAws] = [`${east}:80`, `${cloud}:80`, `${aws}:8080`];
  return `apiVersion: projectcontour.io/v1
kind: HTTPProxy
metadata:
  name: shop
  namespace: team-shop
  annotations:
    binnacle.dev/failover: >-
      ${east} > ${toAws} > ${toCloud}, ${aws} > ${toCloud} > ${toEast}, ${cloud} > ${toEast} > ${toAws}
spec:
  virtualhost: {fqdn: ${HOST}}
  routes:
    - services:
        - {name: ${east}, port: 80, weight: 0}
        - {name: ${cloud}, port: 80, weight: 0}
        - {name: ${aws}, port: 8080, weight: 0}
      healthCheckPolicy: {path: /live, intervalSeconds: 1, timeoutSeconds: 30, healthyThresholdCount: 1}
`;
};

test(
  "one host over Kubernetes, OpenStack and EC2: by weights, and each takes over from the others",
  { timeout: 480_000 },
  async (t) => {
    await using stack = new AsyncDisposableStack();
    // One that starts is disposed of, whatever becomes of the others.
    const begun = <T extends AsyncDisposable>(starting: Promise<T>) => starting.then((bed) => stack.use(bed));
    const [bed, cluster, moto] = await Promise.all([
      begun(OpenStackBed.start()),
      begun(KubeBox.start()),
      begun(Moto.start()),
    ]);
    const answering = (body: string, host: string) => Upstream.start({ host, port: 8080, respond: () => ({ body }) });

    const podSubnet = stack.use(await claimPodSubnet());
    const run = ({ ip }: { readonly ip: string }) => answering("east", ip);
    const pods = stack.use(await PodStandIn.start(cluster.admin, { prefix: podSubnet.prefix, run }));
    await createNamespace(cluster.admin, SHOP.namespace);
    await cluster.admin.apply(deployment({ ...SHOP, replicas: 2 }), service(SHOP));

    const startMembers = () => Promise.all(MEMBERS.map(async (host) => stack.use(await answering("cloud", host))));
    const members = await startMembers();
    const blue = await Session.begin(bed, "team-blue-user", "team-blue-user-pw", "team-blue");
    const { loadbalancers } = (await blue.balancing("GET", "/loadbalancers?name=web")) as {
      loadbalancers: { id: string }[];
    };

    const { subnet } = await moto.subnet(REGION, "10.88.0.0/16");
    const instances: Record<string, string> = {};
    for (const [index, address] of INSTANCES.entries()) {
      stack.use(await answering("aws", address));
      instances[`InstanceId.${index + 1}`] = await moto.run(REGION, { address, subnet, tags: TAGS });
    }

    const home = stack.use(await ApplianceHome.create("three-platforms"));
    const { http } = home;
    await home.write("password", "discoverer-pw");
    await home.write("keys", "[default]\naws_access_key_id = a\naws_secret_access_key = b\n");
    const settings = `backends:
  - name: cloud
    openstack: {authUrl: "${bed.authUrl}", username: discoverer, passwordFile: password, interval: 1s}
    namespaces: {allow: [team-blue], map: {team-blue: team-shop}}
  - name: east
    kubernetes: {kubeconfig: ${await cluster.kubeconfigFile()}}
    namespaces: {allow: [team-shop]}
  - name: aws
    ec2: {regions: [${REGION}], endpoint: "${moto.url}", credentialsFile: keys, interval: 1s}
    namespaces: {map: {shop: team-shop}}
upstreams: {allowLocal: [8080]}`;
    await home.configure(settings);
    const manifest = proxy(loadbalancers[0]?.id ?? "");
    const weigh = ({ east = 0, cloud = 0, aws = 0 }: Shares) =>
      home.write("manifests/shop.yaml", withWeights(manifest, [east, cloud, aws]));
    const atFirst = { east: 50, cloud: 30, aws: 20 };
    await weigh(atFirst);
    stack.use(await home.serve());
    const explained = (await binnacle(home.state, "explain", `${HOST}/`)).stdout;
    for (const words of [/50 % .* of east/, /30 % .* of cloud/, /20 % .* of aws/]) assert.match(explained, words);

    await using load = new AnswerShares({ port: http, host: HOST });
    const step = async (what: string, shares: Shares, take: () => unknown) => {
      const before = load.lost.length;
      const { answers, milliseconds } = await takeStep(load, shares, async () => void (await take()));
      const lost = load.lost.slice(before);
      t.diagnostic(
        `${what}: seen after ${milliseconds.toFixed(0)} ms; ${JSON.stringify(answers)}; ${lost.length} lost`,
      );
      return lost;
    };
    const usual = { east: 20, cloud: 30, aws: 50 };
    const scale = (replicas: number) => cluster.admin.apply(deployment({ ...SHOP, replicas }));
    // What a platform itself says is unready is left in time: nothing may be lost.
    const planned = [
      await step("the weights of the start", atFirst, () => {}),
      await step("other weights", usual, () => weigh(usual)),
      await step("the instances are stopped", { east: 20, cloud: 80, aws: 0 }, () =>
        moto.call(REGION, "StopInstances", instances),
      ),
      await step("the Deployment has no replicas, too", { east: 0, cloud: 100, aws: 0 }, () => {
        pods.holdEnds();
        return scale(0);
      }),
      await step("both are back", usual, () => {
        pods.releaseEnds();
        return Promise.all([scale(2), moto.call(REGION, "StartInstances", instances)]);
      }),
    ];
    assert.deepEqual(planned.flat(), [], `of ${load.requests} requests`);

    const lost = await step("the load balancer's members die", { east: 50, cloud: 0, aws: 50 }, async () => {
      // What they have been sent when they die is lost, and nothing else.
      let held = 0;
      const never = new Promise<never>(() => {});
      for (const member of members)
        member.respond = ({ path }) => (path === "/" && held++ < 2 ? never : { body: "cloud" });
      await until(() => held >= 2, { what: "two requests that are under way" });
      await Promise.all(members.map((member) => member[Symbol.asyncDispose]()));
    });
    assert.ok(lost.length >= 2 && lost.length <= 4, `no more than there are connections: ${lost.join(" · ")}`);
    for (const words of lost) assert.match(words, /connection termination/, "sent to one before it died");
    assert.deepEqual(await step("they are back", usual, startMembers), []);
    t.diagnostic(`${load.lost.length} of ${load.requests} requests were lost`);
  },
);
