import assert from "node:assert/strict";
import { test } from "node:test";
import { AnswerShares } from "../integration/support/answer-shares.ts";
import { ApplianceHome } from "../integration/support/appliance-home.ts";
import { until } from "../integration/support/until.ts";
import { Upstream } from "../integration/support/upstream.ts";
import { Session } from "./support/admin.ts";
import { OpenStackBed } from "./support/openstack-bed.ts";

test(
  "binnacle up serves a load balancer's members while they change, and while its cloud hangs, without losing a request",
  { timeout: 600_000 },
  async () => {
    await using bed = await OpenStackBed.start();
    await using stack = new AsyncDisposableStack();
    for (const host of ["10.88.1.1", "10.88.1.2", "10.88.1.3"])
      stack.use(await Upstream.start({ host, port: 8080, respond: () => ({ body: host }) }));
    const blue = await Session.begin(bed, "team-blue-user", "team-blue-user-pw", "team-blue");
    const first = async (kind: string): Promise<string> => {
      const answer = await blue.balancing("GET", `/${kind}?name=web`);
      return (answer[kind] as { id: string }[])[0]?.id ?? "";
    };
    const [balancer, pool] = [await first("loadbalancers"), await first("pools")];

    await using home = await ApplianceHome.create("openstack");
    const { http } = home;
    await home.write("password", "discoverer-pw");
    await home.write("manifests/shop.yaml", ingress(`cloud-${balancer}`));
    await home.configure(
      `backends:
  - name: cloud
    openstack: {authUrl: "${bed.authUrl}", username: discoverer, passwordFile: password, interval: 1s, timeout: 5s}
    namespaces: {allow: [team-blue], map: {team-blue: team-shop}}
upstreams: {allowLocal: [8080]}`,
    );
    await using _appliance = await home.serve();

    await using load = new AnswerShares({ port: http, host: "shop.example" });
    const members = `/pools/${pool}/members`;
    await load.only("10.88.1.1", "10.88.1.2");
    const made = await blue.balancing("POST", members, {
      member: { address: "10.88.1.3", protocol_port: 8080 },
    });
    await load.only("10.88.1.1", "10.88.1.2", "10.88.1.3");
    bed.freeze("octavia");
    await load.only("10.88.1.1", "10.88.1.2", "10.88.1.3");
    bed.thaw("octavia");
    const { id } = made["member"] as { id: string };
    await until(() => blue.balancing("DELETE", `${members}/${id}`).then(() => true), {
      timeoutMs: 60_000,
      what: "the end",
    });
    await load.only("10.88.1.1", "10.88.1.2");
    assert.deepEqual(load.lost, [], `of ${load.requests} requests`);
  },
);

const ingress = (service: string) => `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop, namespace: team-shop}
spec:
  rules:
  - host: shop.example
    http:
      paths: [{path: /, pathType: Prefix, backend: {service: {name: ${service}, port: {number: 80}}}}]
`;
