import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { ApplianceHome } from "../support/appliance-home.ts";
import { certificateAuthority } from "../support/certificate.ts";
import { DnsServer } from "../support/dns-server.ts";
import { freePorts } from "../support/free-port.ts";
import { httpGet } from "../support/http-get.ts";
import { ingress, service, tlsSecret, together } from "../support/manifests.ts";
import { until } from "../support/until.ts";
import { Upstream } from "../support/upstream.ts";
import { HAS_CONNECTION_TABLE } from "./connection-table.ts";
import { compiledDashboards, type CompiledDashboard, filledIn } from "./dashboard-files.ts";

/** What there is nothing of before it happens, and what makes it happen here. All other panels have something from the start. */
const ONLY_WHEN: Readonly<Record<string, readonly string[]>> = {
  "an object of which something is wrong is changed": [
    "appliance: Problems",
    "appliance: Translation, 99 %",
    "appliance: Time to acknowledge, 99 %",
  ],
  "the API is asked": ["appliance: API latency, 99 %"],
  "names are asked for again": ["discovery: Answer time 50 %", "discovery: Answer time 99 %"],
  "requests come": [
    "appliance: Lag",
    "traffic: Slowest route, 99 %",
    "traffic: Requests by host",
    "traffic: Errors by host",
    "traffic: Answers by code",
    "traffic: Response flags",
    "traffic: Latency by listener, 99 %",
    "traffic: Requests by route",
    "traffic: Errors by route",
    "traffic: Latency 50 %",
    "traffic: Latency 90 %",
    "traffic: Latency 99 %",
    "upstreams: Requests",
    "upstreams: Errors",
    "upstreams: Latency 50 %",
    "upstreams: Latency 90 %",
    "upstreams: Latency 99 %",
    "upstreams: Time limits reached",
    "upstreams: Retries",
    "upstreams: New connections",
    "upstreams: Connections that failed",
    "upstreams: Time to connect, 99 %",
  ],
};

/** What this appliance has nothing of; metric-names.test.ts shows the last two. */
const NEVER_HERE = [
  ...(HAS_CONNECTION_TABLE ? [] : ["appliance: Connection table used"]),
  // Its steps are five minutes long.
  "traffic: Error budget used, 6 hours",
  // No upstream stands behind another.
  "upstreams: Taken over by others",
];

const querySchema = z.object({
  data: z.object({
    result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) })),
  }),
});

suite("the panels of a whole appliance", { timeout: 600_000 }, () => {
  const stack = new AsyncDisposableStack();
  let home: ApplianceHome;
  let dashboards: readonly CompiledDashboard[] = [];

  before(async () => {
    const good = stack.use(await Upstream.start({ respond: () => ({ headers: { connection: "close" } }) }));
    const failing = stack.use(await Upstream.start({ respond: () => ({ status: 500 }) }));
    const dns = stack.use(await DnsServer.start([`_http._tcp.posts 0 SRV 0 1 ${good.port} up`, "up A 127.0.0.1"]));
    home = stack.use(await ApplianceHome.create("panels"));
    dashboards = await compiledDashboards(join(home.path, "dashboards"));
    const checked = { "binnacle.dev/health-check-path": "/", "binnacle.dev/health-check-interval": "1s" };
    await home.write(
      "manifests/teams.yaml",
      together(
        ingress("team-shop", "shop", "shop.test", "east-cart"),
        ingress("team-shop", "gone", "gone.test", "gone"),
        service("team-shop", "gone", []),
        ingress("team-shop", "checked", "checked.test", "checked"),
        service("team-shop", "checked", [failing, good], checked),
        ingress("team-blog", "posts", "posts.test", "names-posts"),
        tlsSecret("team-blog", "blog-tls", certificateAuthority().issue(["blog.test"])),
        ingress("team-blog", "blog", "blog.test", "broken", { secret: "blog-tls" }),
        service("team-blog", "broken", [failing]),
      ),
    );
    const [prometheus, alertmanager, nodeExporter] = await freePorts(3);
    const cart = `{name: cart, namespace: team-shop, ports: [{port: 80, targetPort: ${good.port}}], addresses: [127.0.0.1]}`;
    const posts = "{name: posts, namespace: team-blog, ports: [{port: 80}], srv: _http._tcp.posts.test}";
    const asked = `servers: ["${dns.place}"], minimumTtl: 1s, maximumTtl: 1s`;
    await home.configure(
      `backends:
  - {name: east, static: {services: [${cart}]}}
  - {name: names, dns: {${asked}, services: [${posts}]}}
upstreams: {allowLocal: [${good.port}, ${failing.port}]}`,
      undefined,
      `prometheus: {port: ${prometheus}, scrapeInterval: 1s, evaluationInterval: 1s}
  alertmanager: {port: ${alertmanager}}
  nodeExporter: {enabled: true, port: ${nodeExporter}}
  grafana: {enabled: false}`,
    );
    stack.use(await home.serve());
  });
  after(() => stack.disposeAsync());

  const query = async (expression: string) => {
    const parameters = new URLSearchParams({ query: expression });
    return querySchema.parse(JSON.parse(await home.ask(`/prometheus/api/v1/query?${parameters.toString()}`))).data
      .result;
  };

  /** What is wrong with the panels now: that one is empty, a line has no name, a value is no number. */
  const complaints = async (mayBeEmpty: readonly string[]): Promise<readonly string[]> => {
    const found: string[] = [];
    for (const { name, dashboard } of dashboards) {
      for (const { title, targets = [] } of dashboard.panels) {
        const what = `${name.replace(".json", "")}: ${title}`;
        for (const { expr, legendFormat = "" } of targets) {
          const result = await query(filledIn(expr));
          if (result.length === 0 && !mayBeEmpty.includes(what)) found.push(`${what} is empty: ${expr}`);
          const labels = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = ""]) => label);
          for (const { metric, value } of result) {
            const unnamed = labels.filter((label) => (metric[label] ?? "") === "");
            if (unnamed.length > 0) found.push(`${what}: ${JSON.stringify(metric)} has no ${unnamed.join(", ")}`);
            if (!Number.isFinite(Number(value[1]))) found.push(`${what}: ${JSON.stringify(metric)} is ${value[1]}`);
          }
        }
      }
    }
    return found;
  };

  const nothingIsWrong = (mayBeEmpty: readonly string[]) =>
    until(() => complaints(mayBeEmpty), {
      what: "panels that show what they should",
      accept: (found) => found.length === 0,
      timeoutMs: 240_000,
      intervalMs: 1000,
    });

  test("a quiet appliance shows its state; what is empty only waits for something to happen", async () => {
    await nothingIsWrong([...NEVER_HERE, ...Object.values(ONLY_WHEN).flat()]);
  });

  test("under traffic of all kinds every panel shows something, with a name for each line", async () => {
    const end = new AbortController();
    const traffic = keepLoading(home, end.signal);
    await home.write("manifests/wrong.yaml", ingress("team-blog", "wrong", "wrong.test", "nowhere"));
    try {
      await nothingIsWrong(NEVER_HERE);
    } finally {
      end.abort();
      await traffic;
    }
  });
});

/** Gentle traffic, served, without endpoints, without a route, failing and over TLS, until the test is over. */
async function keepLoading({ http, https }: ApplianceHome, signal: AbortSignal): Promise<void> {
  const plain = { port: http };
  while (!signal.aborted) {
    await Promise.all([
      httpGet(plain, "/", { host: "shop.test" }),
      httpGet(plain, "/", { host: "gone.test" }),
      httpGet(plain, "/", { host: "posts.test" }),
      httpGet(plain, "/", { host: "nobody.test" }),
      httpGet({ port: https }, "/", { host: "blog.test", tls: { servername: "blog.test" } }),
    ]).catch(() => undefined);
    await delay(100, undefined, { signal }).catch(() => undefined);
  }
}
