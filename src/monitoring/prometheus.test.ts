import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "js-yaml";
import { type PrometheusSettings, prometheusArguments, prometheusConfig } from "./prometheus.ts";

const paths = { configFile: "/s/prometheus.yml", dataDirectory: "/s/data", rulesDirectory: "/s/rules" };
const settings: PrometheusSettings = {
  version: { major: 3, minor: 16, patch: 0 },
  port: 9090,
  scrapeInterval: 5000,
  evaluationInterval: 15_000,
  retention: 15 * 86_400_000,
  retentionMiB: undefined,
  externalUrl: "http://127.0.0.1:8600/prometheus",
  externalLabels: { appliance: "edge-1" },
  targets: {
    envoys: ["127.0.0.1:8601"],
    controlPlane: { address: "127.0.0.1:8600", scheme: "http", tokenFile: "/s/token" },
    nodeExporter: undefined,
    alertmanager: { address: "127.0.0.1:9093", path: "/alertmanager", username: "binnacle", passwordFile: "/s/pw" },
  },
  trafficRelabel: [{ sourceLabel: "request", regex: "([0-9]*) .*", targetLabel: "code", replacement: "$1" }],
  trafficLabels: ["request", "served_by"],
};
const debian = { ...settings, version: { major: 2, minor: 42, patch: 0 } };

interface Config {
  readonly global: Readonly<Record<string, unknown>>;
  readonly alerting?: unknown;
  readonly scrape_configs: readonly (Readonly<Record<string, unknown>> & { readonly job_name: string })[];
}

function config(of: PrometheusSettings): Config {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what was dumped a line before
  return load(prometheusConfig(of, paths)) as Config;
}

function job(of: PrometheusSettings, name: string) {
  const found = config(of).scrape_configs.find(({ job_name }) => job_name === name);
  assert.ok(found, `no job ${name}`);
  return found;
}

/** The labels that metric_relabel_configs make, as Prometheus applies them (RE2, anchored). */
function relabel(of: PrometheusSettings, labels: Readonly<Record<string, string>>): Record<string, string> {
  const result: Record<string, string> = { ...labels };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as rendered
  const rules = job(of, "envoy")["metric_relabel_configs"] as readonly {
    action?: string;
    regex: string;
    source_labels?: readonly string[];
    target_label?: string;
    replacement?: string;
  }[];
  for (const { action, regex, source_labels = [], target_label = "", replacement = "" } of rules) {
    const anchored = new RegExp(`^(?:${regex})$`);
    if (action === "labeldrop") {
      for (const label of Object.keys(result)) if (anchored.test(label)) delete result[label];
      continue;
    }
    const source = source_labels.map((label) => result[label] ?? "").join(";");
    if (anchored.test(source)) result[target_label] = source.replace(anchored, replacement);
  }
  return result;
}

test("latencies are native histograms: a setting from 3.8 on, a flag of the server before", () => {
  assert.equal(job(settings, "envoy")["scrape_native_histograms"], true);
  assert.deepEqual(job(settings, "envoy")["scrape_protocols"], ["PrometheusProto"]);
  assert.ok(!prometheusArguments(settings, paths).includes("--enable-feature=native-histograms"));

  assert.ok(!("scrape_native_histograms" in job(debian, "envoy")));
  assert.ok(!("scrape_protocols" in job(debian, "envoy")));
  assert.ok(prometheusArguments(debian, paths).includes("--enable-feature=native-histograms"));

  // Built from source: it prints no version.
  assert.equal(job({ ...settings, version: undefined }, "envoy")["scrape_native_histograms"], true);
  assert.deepEqual(job(debian, "envoy")["params"], { histogram_buckets: ["prometheusnative"] });
});

test("a cluster's name gives the labels of its upstream; a request keeps the namespace of its route", () => {
  const name = "envoy_cluster_upstream_rq_total";
  assert.deepEqual(relabel(settings, { __name__: name, envoy_cluster_name: "us-east/team-shop/cart/8080" }), {
    __name__: name,
    envoy_cluster_name: "us-east/team-shop/cart/8080",
    backend: "us-east",
    namespace: "team-shop",
    service: "cart",
    port: "8080",
  });
  assert.deepEqual(relabel(settings, { __name__: name, envoy_cluster_name: "local/team-shop/cart/80~1a2b3c4d" }), {
    __name__: name,
    envoy_cluster_name: "local/team-shop/cart/80~1a2b3c4d",
    backend: "local",
    namespace: "team-shop",
    service: "cart",
    port: "80",
  });
  assert.deepEqual(relabel(settings, { __name__: name, envoy_cluster_name: "binnacle_xds" }), {
    __name__: name,
    envoy_cluster_name: "binnacle_xds",
  });
  assert.deepEqual(
    relabel(settings, {
      __name__: "envoy_binnacle_requests",
      request: "503 UH",
      namespace: "team-shop",
      envoy_cluster_name: "us-east/other/cart/8080",
    }),
    {
      __name__: "envoy_binnacle_requests",
      code: "503",
      namespace: "team-shop",
      envoy_cluster_name: "us-east/other/cart/8080",
    },
  );
});

test("nothing listens beyond loopback, nothing changes it from outside, no foreign page reads it", () => {
  const args = prometheusArguments(settings, paths);
  assert.ok(args.includes("--web.listen-address=127.0.0.1:9090"));
  assert.ok(args.includes("--web.cors.origin=http://127\\.0\\.0\\.1:8600"));
  assert.ok(args.includes("--web.external-url=http://127.0.0.1:8600/prometheus"));
  assert.doesNotMatch(args.join(" "), /lifecycle|admin-api|remote-write/);
});

test("retention by time, and by size where it is bounded", () => {
  assert.ok(prometheusArguments(settings, paths).includes("--storage.tsdb.retention.time=15d"));
  assert.doesNotMatch(prometheusArguments(settings, paths).join(" "), /retention\.size/);
  const bounded = prometheusArguments({ ...settings, retentionMiB: 512 }, paths);
  assert.ok(bounded.includes("--storage.tsdb.retention.size=512MB"));
});

test("a scrape never waits longer than its interval", () => {
  assert.deepEqual(config(settings).global, {
    scrape_interval: "5s",
    scrape_timeout: "5s",
    evaluation_interval: "15s",
    external_labels: { appliance: "edge-1" },
  });
  assert.equal(config({ ...settings, scrapeInterval: 60_000 }).global["scrape_timeout"], "10s");
});

test("secrets are named by their files", () => {
  assert.deepEqual(job(settings, "binnacle")["authorization"], { credentials_file: "/s/token" });
  assert.deepEqual(job(settings, "alertmanager")["basic_auth"], { username: "binnacle", password_file: "/s/pw" });
});

test("its own pages and Alertmanager's stand below the paths of the API", () => {
  assert.equal(job(settings, "prometheus")["metrics_path"], "/prometheus/metrics");
  assert.equal(job(settings, "alertmanager")["metrics_path"], "/alertmanager/metrics");
  assert.equal(
    job({ ...settings, externalUrl: "https://appliance.example.com/" }, "prometheus")["metrics_path"],
    "/metrics",
  );
});

test("what is not there is not scraped", () => {
  const jobs = (of: PrometheusSettings) => config(of).scrape_configs.map(({ job_name }) => job_name);
  assert.deepEqual(jobs(settings), ["envoy", "binnacle", "prometheus", "alertmanager"]);
  const targets = { ...settings.targets, nodeExporter: "127.0.0.1:9100", alertmanager: undefined };
  assert.deepEqual(jobs({ ...settings, targets }), ["envoy", "binnacle", "node", "prometheus"]);
  assert.equal(config({ ...settings, targets }).alerting, undefined);
});
