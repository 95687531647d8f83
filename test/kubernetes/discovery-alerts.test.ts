import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { ApplianceHome } from "../integration/support/appliance-home.ts";
import { freePorts } from "../integration/support/free-port.ts";
import { httpGet } from "../integration/support/http-get.ts";
import { SteadyLoad } from "../integration/support/steady-load.ts";
import { until } from "../integration/support/until.ts";
import { Upstream } from "../integration/support/upstream.ts";
import { Inbox, type WebhookMessage, webhookServer } from "../integration/support/webhook.ts";
import { createNamespace } from "./support/access.ts";
import { eastAndWest, routesToBoth } from "./support/east-and-west.ts";
import { KubeBox } from "./support/kubebox.ts";
import { claimPodSubnet } from "./support/pod-network.ts";

const HOST = "shop.example";
const HOUR = 3_600_000;

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
    const home = stack.use(await ApplianceHome.create("alerts"));
    const { http } = home;
    const [prometheus, alertmanager] = await freePorts(2);
    await home.write("manifests/shop.yaml", routesToBoth(HOST));
    const settings = `${await eastAndWest(east, west)}
alerts:
  receivers: [{name: platform, webhook: {url: "http://127.0.0.1:${webhook.port}/"}}]
  groupWait: 0s
  groupInterval: 1s`;
    await home.configure(settings);
    const first = home.start();
    const answers = async (path: string) => (await httpGet({ port: http }, path, { host: HOST })).body === "here";
    const serves = async () => (await answers("/")) && (await answers("/west"));
    await until(serves, { what: "traffic to both", timeoutMs: 60_000 }).catch((cause: unknown) => {
      throw new Error(first.output, { cause });
    });
    const load = ["/", "/west"].map((path) => stack.use(new SteadyLoad({ port: http, host: HOST, path, pause: 50 })));

    await Promise.all(boxes.map((box) => box.kill()));
    for (const backend of ["east", "west"]) {
      const synced = () => home.metricOf(backend, "binnacle_source_synced");
      await until(synced, { accept: (value) => value === "0", what: `${backend} to fail`, timeoutMs: 60_000 });
    }
    // An hour goes by for what is known of the east.
    await first.kill();
    const cache = new DatabaseSync(join(home.state, "discovery.db"));
    const { changes } = cache.prepare("UPDATE backend SET synced_at = synced_at - ? WHERE name = 'east'").run(HOUR);
    assert.equal(changes, 1);
    cache.close();
    const monitoring = `prometheus: {port: ${prometheus}, scrapeInterval: 1s, evaluationInterval: 1s}
  alertmanager: {port: ${alertmanager}}
  nodeExporter: {enabled: false}
  grafana: {enabled: false}`;
    await home.configure(settings, undefined, monitoring);
    const second = stack.use(home.start());

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
