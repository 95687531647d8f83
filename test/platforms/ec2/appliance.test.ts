import assert from "node:assert/strict";
import { test } from "node:test";
import { AnswerShares } from "../../integration/support/answer-shares.ts";
import { ApplianceHome } from "../../integration/support/appliance-home.ts";
import { Upstream } from "../../integration/support/upstream.ts";
import { Moto } from "../support/moto.ts";

const REGION = "eu-west-1";
const TAGS = { "binnacle.service": "web", "binnacle.port": "8080", "binnacle.team": "shop" };

test(
  "binnacle up serves instances while they come and go, and while the API hangs, without losing a request",
  { timeout: 300_000 },
  async () => {
    await using moto = await Moto.start();
    await using stack = new AsyncDisposableStack();
    const [first, second, third] = ["10.88.1.1", "10.88.1.2", "10.88.1.3"] as const;
    for (const host of [first, second, third])
      stack.use(await Upstream.start({ host, port: 8080, respond: () => ({ body: host }) }));
    const { subnet } = await moto.subnet(REGION, "10.88.0.0/16");
    const make = (address: string) => moto.run(REGION, { address, subnet, tags: TAGS });
    await make(first);
    const goes = await make(second);

    await using home = await ApplianceHome.create("ec2");
    const { http } = home;
    await home.write("keys", "[default]\naws_access_key_id = a\naws_secret_access_key = b\n");
    await home.write("manifests/shop.yaml", INGRESS);
    await home.configure(
      `backends:
  - name: aws
    ec2: {regions: [${REGION}], endpoint: "${moto.url}", credentialsFile: keys, interval: 1s, timeout: 5s}
    namespaces: {map: {shop: team-shop}}
upstreams: {allowLocal: [8080]}`,
    );
    await using _appliance = await home.serve();

    await using load = new AnswerShares({ port: http, host: "shop.example" });
    await load.only(first, second);
    await make(third);
    await load.only(first, second, third);
    moto.freeze();
    await load.only(first, second, third);
    moto.thaw();
    await moto.call(REGION, "StopInstances", { "InstanceId.1": goes });
    await load.only(first, third);
    await moto.call(REGION, "TerminateInstances", { "InstanceId.1": goes });
    await load.only(first, third);
    assert.deepEqual(load.lost, [], `of ${load.requests} requests`);
  },
);

const INGRESS = `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop, namespace: team-shop}
spec:
  rules:
  - host: shop.example
    http:
      paths: [{path: /, pathType: Prefix, backend: {service: {name: aws-web, port: {number: 8080}}}}]
`;
