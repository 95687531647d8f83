import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { applianceConfig, ApplianceProcess } from "../integration/support/appliance-process.ts";
import { freePorts } from "../integration/support/free-port.ts";
import { httpGet } from "../integration/support/http-get.ts";
import { SteadyLoad } from "../integration/support/steady-load.ts";
import { temporaryDirectory } from "../integration/support/temp-dir.ts";
import { until } from "../integration/support/until.ts";
import { Upstream } from "../integration/support/upstream.ts";
import { Inbox, type WebhookMessage, webhookServer } from "../integration/support/webhook.ts";
import { createNamespace } from "./support/access.ts";
import { KubeBox } from "./support/kubebox.ts";
import { claimPodSubnet } from "./support/pod-network.ts";

const HOST = "shop.example";
const HOUR = 3_600_000;

const INGRESS = `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop}
spec:
  rules:
  - host: ${HOST}
    http:
      paths:
      - path: /
        pathType: Prefix
        backend: {service: {name: east-web, port: {number: 80}}}
      - path: /west
        pathType: Prefix
        backend: {service: {name: west-web, port: {number: 80}}}
`;

async function cluster(address: string): Promise<KubeBox> {
  const box = await KubeBox.start({ controllers: [] });
  await createNamespace(box.admin, "shop");
  const metadata = { namespace: "shop", name: "web" };
  await box.admin.apply(
    { apiVersion: "v1", kind: "Service", metadata, spec: { ports: [{ port: 80 }] } },
    {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { ...metadata, labels: { "kubernetes.io/service-name": "web" } },
      addressType: "IPv4",
      ports: [{ name: "", port: 8080 }],
      endpoints: [{ addresses: [address] }],
    },
  );
  return box;
}

test(
  "API servers that are away are told to the webhook, as failing and as stale, and so is their return; no request is lost",
  { timeout: 500_000 },
  async () => {
    await using stack = new AsyncDisposableStack();
    const { prefix } = stack.use(await claimPodSubnet());
    const address = `${prefix}.7`;
    stack.use(await Upstream.start({ host: address, port: 8080, respond: () => ({ body: "here" }) }));
    const boxes = (await Promise.all([cluster(address), cluster(address)])).map((box) => stack.use(box));
    const [east, west] = boxes;
    assert.ok(east && west);
    const posts = new Inbox<WebhookMessage>();
    const webhook = stack.use(await webhookServer(posts));
    const home = stack.use(await temporaryDirectory("alerts")).path;
    const [prometheus = 0, alertmanager = 0, ...ports] = await freePorts(6);
    const [http = 0, , api = 0] = ports;
    await mkdir(join(home, "manifests"));
    await writeFile(join(home, "manifests/shop.yaml"), INGRESS);
    const backends = [
      `{name: east, kubernetes: {kubeconfig: ${await east.kubeconfigFile()}}}`,
      `{name: west, kubernetes: {kubeconfig: ${await west.kubeconfigFile()}}}`,
    ];
    const settings = `backends: [${backends.join(", ")}]
upstreams: {allowLocal: [8080]}
alerts:
  receivers: [{name: platform, webhook: {url: "http://127.0.0.1:${webhook.port}/"}}]
  groupWait: 0s
  groupInterval: 1s`;
    await writeFile(join(home, "binnacle.yaml"), applianceConfig(ports, settings));
    const first = new ApplianceProcess(home);
    const answers = async (path: string) => (await httpGet({ port: http }, path, { host: HOST })).body === "here";
    const serves = async () => (await answers("/")) && (await answers("/west"));
    await until(serves, { what: "traffic to both", timeoutMs: 60_000 }).catch((cause: unknown) => {
      throw new Error(first.output, { cause });
    });
    const load = ["/", "/west"].map((path) => stack.use(new SteadyLoad({ port: http, host: HOST, path, pause: 50 })));

    const metric = async (name: string, backend: string) => {
      const headers = { authorization: `Bearer ${(await readFile(join(home, "state/token"), "utf8")).trim()}` };
      const { body } = await httpGet({ port: api }, "/metrics", { host: `127.0.0.1:${api}`, headers });
      return new RegExp(`^${name}\\{backend="${backend}"\\} (.+)$`, "m").exec(body)?.[1];
    };
    await Promise.all(boxes.map((box) => box.kill()));
    for (const backend of ["east", "west"]) {
      const synced = () => metric("binnacle_source_synced", backend);
      await until(synced, { accept: (value) => value === "0", what: `${backend} to fail`, timeoutMs: 60_000 });
    }
    // An hour goes by for what is known of the east.
    await first.kill();
    const cache = new DatabaseSync(join(home, "state/discovery.db"));
    const { changes } = cache.prepare("UPDATE backend SET synced_at = synced_at - ? WHERE name = 'east'").run(HOUR);
    assert.equal(changes, 1);
    cache.close();
    const monitoring = `prometheus: {port: ${prometheus}, scrapeInterval: 1s, evaluationInterval: 1s}
  alertmanager: {port: ${alertmanager}}
  nodeExporter: {enabled: false}
  grafana: {enabled: false}`;
    await writeFile(join(home, "binnacle.yaml"), applianceConfig(ports, settings, monitoring));
    const second = stack.use(new ApplianceProcess(home));

    const about = (status: string, alertname: string, backend: string) => (message: WebhookMessage) =>
      message.status === status &&
      message.alerts.some(({ labels }) => labels["alertname"] === alertname && labels["backend"] === backend);
    const told = (status: string, alertname: string, backend: string) =>
      posts
        .first(`${alertname} of ${backend}, ${status}`, about(status, alertname, backend), 200_000)
        .catch((cause: unknown) => {
          throw new Error(second.output, { cause });
        });
    const { alerts } = await told("firing", "DiscoverySourceStale", "east");
    assert.match(alerts[0]?.annotations["summary"] ?? "", /^What is known of east is 1h \d+m \d+s old$/);
    await told("firing", "DiscoverySourceFailing", "west");
    assert.deepEqual(posts.messages.filter(about("firing", "DiscoverySourceStale", "west")), [], "it is not old yet");

    await Promise.all(boxes.map((box) => box.restart()));
    await told("resolved", "DiscoverySourceStale", "east");
    await told("resolved", "DiscoverySourceFailing", "west");
    const muted = posts.messages.filter(about("firing", "DiscoverySourceFailing", "east"));
    assert.deepEqual(muted, [], "the one that says more is told alone");
    const tallies = await Promise.all(load.map((each) => each.end()));
    for (const tally of tallies) assert.deepEqual(Object.keys(tally), ["200"], JSON.stringify(tallies));
  },
);
