import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { BackendAnswer } from "#api/answers.ts";
import { until } from "../integration/support/until.ts";
import { claimPodSubnet } from "../kubernetes/support/pod-network.ts";
import { DigitalOceanStandIn, droplet } from "../contract/support/digitalocean-stand-in.ts";
import { Ec2StandIn } from "../contract/support/ec2-stand-in.ts";
import { OpenStackStandIn } from "../contract/support/openstack-stand-in.ts";
import { RackspaceStandIn, server } from "../contract/support/rackspace-stand-in.ts";
import { readyContainer, startedContainer } from "./support/started-container.ts";
import { unpackImage } from "./support/unpacked-image.ts";

/** The image leaves out what is never loaded: every kind of source is asked from inside it, and what is found is counted. */
suite("sources in a container of the image", { timeout: 300_000 }, () => {
  test("each platform is asked", async () => {
    await using stack = new AsyncDisposableStack();
    const image = stack.use(await unpackImage());
    const { prefix } = stack.use(await claimPodSubnet());
    const address = `${prefix}.1`;
    const cloud = stack.use(await OpenStackStandIn.start({ address }));
    const metadata = { "binnacle.service": "web", "binnacle.port": "8080" };
    const addresses = { net: [{ addr: "192.0.2.1", "OS-EXT-IPS:type": "fixed" }] };
    cloud.servers.set("p1", [{ id: "s1", name: "web", status: "ACTIVE", metadata, addresses }]);
    const amazon = stack.use(await Ec2StandIn.start({ address }));
    const tags = { ...metadata, "binnacle.team": "team-shop" };
    amazon.instances.set("eu-west-1", [{ id: "i-1", address: "192.0.2.2", tags }]);
    const ocean = stack.use(await DigitalOceanStandIn.start({ address }));
    ocean.droplets = [
      droplet(1, {
        private: "192.0.2.4",
        tags: ["binnacle-service:web", "binnacle-port:8080", "binnacle-team:team-shop"],
      }),
    ];
    const rack = stack.use(await RackspaceStandIn.start({ address }));
    rack.servers.set("DFW", [server("s1", { private: "192.0.2.5", metadata: tags })]);
    const files = {
      "binnacle.yaml": config({ cloud: cloud.url, amazon: amazon.url, ocean: ocean.url, rack: rack.url }),
      "manifests/none.yaml": "",
      kubeconfig: KUBECONFIG,
      keys: "[default]\naws_access_key_id = a\naws_secret_access_key = b\n",
      password: "secret",
      given: "given",
    };
    const { container } = await startedContainer(stack, image, () => files);
    await readyContainer(container);
    const told = async () => {
      const { output } = await container.exec("binnacle", "backends", "list", "--output", "json");
      const backends = JSON.parse(output) as readonly BackendAnswer[];
      return backends.map(({ name, endpoints, failure }) => `${name}: ${failure?.message ?? endpoints.here}`);
    };
    const isThrough = (all: readonly string[]): boolean => all.every((one) => !one.endsWith(" 0"));
    const [ec2, openstack, kubernetes, dns, digitalocean, fixed, rackspace] = await until(told, {
      accept: isThrough,
      what: "first cycles",
    });
    assert.deepEqual(
      [ec2, openstack, digitalocean, fixed, rackspace],
      ["amazon: 1", "cloud: 1", "ocean: 1", "plain: 1", "rack: 1"],
    );
    // Each fails at its server, and not before.
    assert.match(kubernetes ?? "", /^cluster: get .*no answer from 127\.0\.0\.1:1: connect ECONNREFUSED/);
    assert.match(dns ?? "", /^names: A{1,4} of web\.example\.com: 127\.0\.0\.1:1 cannot be reached/);
  });
});

type Urls = Readonly<Record<"cloud" | "amazon" | "ocean" | "rack", string>>;

const config = ({
  cloud,
  amazon,
  ocean,
  rack,
}: Urls) => `listeners: [{ name: http, address: 0.0.0.0, port: 8080, protocol: http }]
sources: { directory: manifests }
backends:
  - name: amazon
    ec2: { regions: [eu-west-1], endpoint: "${amazon}", credentialsFile: keys }
  - name: cloud
    openstack: { authUrl: "${cloud}", username: discoverer, passwordFile: password, servers: {} }
  - name: cluster
    kubernetes: { kubeconfig: kubeconfig }
  - name: names
    dns:
      servers: ["127.0.0.1:1"]
      services: [{ name: web, namespace: team-shop, ports: [{ port: 80 }], hosts: [web.example.com] }]
  - name: ocean
    digitalocean: { tokenFile: given, endpoint: "${ocean}" }
  - name: rack
    rackspace: { username: reader, apiKeyFile: given, regions: [DFW], identityUrl: "${rack}" }
  - name: plain
    static:
      services: [{ name: web, namespace: team-shop, ports: [{ port: 80 }], addresses: [192.0.2.3] }]
`;

/** Nobody listens there. */
const KUBECONFIG = `apiVersion: v1
kind: Config
clusters: [{ name: none, cluster: { server: "https://127.0.0.1:1" } }]
users: [{ name: none, user: { token: none } }]
contexts: [{ name: none, context: { cluster: none, user: none } }]
current-context: none
`;
