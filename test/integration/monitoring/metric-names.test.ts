import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { load } from "js-yaml";
import { z } from "zod";
import { readRuleFiles } from "#monitoring/rule-files.ts";
import { nodeExporterService } from "#monitoring/services.ts";
import { REQUEST_STAT, TRAFFIC_RELABEL } from "#xds/resources/traffic-key.ts";
import { freePort } from "../support/free-port.ts";
import { requiredBinary } from "../support/required-binary.ts";
import { temporaryDirectory } from "../support/temp-dir.ts";
import { until } from "../support/until.ts";
import { HAS_CONNECTION_TABLE } from "./connection-table.ts";
import { compiledDashboards, type CompiledDashboard, filledIn } from "./dashboard-files.ts";
import { EnvoyAppliance } from "./envoy-appliance.ts";
import { withoutComparisons } from "./promql-comparisons.ts";
import { askedLabels } from "./promql-labels.ts";
import { metricNames } from "./promql-names.ts";
import { RunningService } from "./running-service.ts";
import { sampleMetricsServer } from "./sample-metrics.ts";
import { monitoringStack, ROOT } from "./stack.ts";

const NOT_HERE = HAS_CONNECTION_TABLE ? [] : ["node_nf_conntrack_entries", "node_nf_conntrack_entries_limit"];
const isNotHere = (name: string) => NOT_HERE.includes(name);

/** A histogram's name, in whichever form Prometheus took it. */
const family = (name: string) => name.replace(/_(bucket|count)$/, "");

const ruleSchema = z.object({ record: z.string().optional(), alert: z.string().optional(), expr: z.string() });
const ruleFileSchema = z.object({ groups: z.array(z.object({ rules: z.array(ruleSchema) })) });
const testFileSchema = z.object({
  tests: z.array(z.object({ input_series: z.array(z.object({ series: z.string() })) })),
});
const seriesSchema = z.object({ data: z.array(z.record(z.string(), z.string())) });
const labelValuesSchema = z.object({ data: z.array(z.string()) });
const querySchema = z.object({
  data: z.object({
    result: z.array(
      z.object({
        metric: z.record(z.string(), z.string()),
        value: z.tuple([z.number(), z.string()]).optional(),
        histogram: z.tuple([z.number(), z.unknown()]).optional(),
      }),
    ),
  }),
});

suite("with a real Envoy, node-exporter, Prometheus and Alertmanager", () => {
  const stack = new AsyncDisposableStack();
  let prometheusUrl = "";
  let dashboards: readonly CompiledDashboard[] = [];
  let rules: readonly z.infer<typeof ruleSchema>[] = [];

  before(async () => {
    const { path } = stack.use(await temporaryDirectory("names"));
    dashboards = await compiledDashboards(join(path, "dashboards"));
    const files = Object.values(await readRuleFiles(join(ROOT, "alerts", "rules")));
    rules = files.flatMap((text) => ruleFileSchema.parse(load(text)).groups.flatMap((group) => group.rules));
    const appliance = stack.use(await EnvoyAppliance.start(path));
    const own = stack.use(await sampleMetricsServer());
    const nodeExporter = nodeExporterService({
      command: requiredBinary("BINNACLE_NODE_EXPORTER"),
      directory: join(path, "node-exporter"),
      port: await freePort(),
      udev: undefined,
    });
    const monitoring = await monitoringStack({
      directory: path,
      nodeExporter: `127.0.0.1:${nodeExporter.port}`,
      envoys: [`127.0.0.1:${appliance.statsPort}`],
      controlPlane: `127.0.0.1:${own.port}`,
      trafficRelabel: TRAFFIC_RELABEL,
      trafficLabels: [REQUEST_STAT.requestTag, REQUEST_STAT.routeTag],
      alerts: { receivers: [{ name: "none", webhook: { url: "http://127.0.0.1:1/" } }], defaultReceiver: "none" },
    });
    stack.use(await RunningService.start(nodeExporter));
    stack.use(await RunningService.start(monitoring.alertmanager));
    stack.use(await RunningService.start(monitoring.prometheus));
    ({ prometheusUrl } = monitoring);
    const end = new AbortController();
    const traffic = keepLoading(appliance, end.signal);
    stack.defer(async () => {
      end.abort();
      await traffic;
    });
  });

  after(() => stack.disposeAsync());

  const query = async (expression: string) => {
    const answer = await fetch(
      `${prometheusUrl}/api/v1/query?${new URLSearchParams({ query: expression }).toString()}`,
    );
    return querySchema.parse(await answer.json()).data.result;
  };

  test("every metric that an alert, a rule or a panel reads is there", async () => {
    const panels = dashboards.flatMap(({ dashboard }) => dashboard.panels.flatMap(({ targets = [] }) => targets));
    const expressions = [...rules.map(({ expr }) => expr), ...panels.map(({ expr }) => filledIn(expr))];
    const wanted = [...new Set(expressions.flatMap(metricNames))].filter((name) => !isNotHere(name));
    assert.ok(wanted.length > 100, `only ${wanted.length} names`);
    await until(
      async () => {
        const answer = await fetch(`${prometheusUrl}/api/v1/label/__name__/values`);
        const there = new Set(labelValuesSchema.parse(await answer.json()).data.map(family));
        return wanted.filter((name) => !there.has(family(name)));
      },
      { what: "the last metrics", accept: (missing) => missing.length === 0, timeoutMs: 180_000, intervalMs: 500 },
    );
  });

  test("every label that they name is there, and every label of the series that the rules are tested with", async () => {
    let labelsOf = new Map<string, ReadonlySet<string>>();
    const known = async (metric: string): Promise<ReadonlySet<string>> => {
      const before = labelsOf.get(metric);
      if (before !== undefined) return before;
      const asked = new URLSearchParams({ "match[]": `{__name__=~"${family(metric)}(_bucket|_count)?"}` });
      const answer = await fetch(`${prometheusUrl}/api/v1/series?${asked.toString()}`);
      const labels = new Set(seriesSchema.parse(await answer.json()).data.flatMap((series) => Object.keys(series)));
      labelsOf.set(metric, labels);
      return labels;
    };
    const panels = dashboards.flatMap(({ dashboard }) => dashboard.panels.flatMap(({ targets = [] }) => targets));
    const folder = join(ROOT, "alerts", "tests");
    const tests = (await readdir(folder)).map((name) =>
      testFileSchema.parse(load(readFileSync(join(folder, name), "utf8"))),
    );
    const series = tests.flatMap((file) =>
      file.tests.flatMap(({ input_series }) => input_series.map((input) => input.series)),
    );
    const expressions = [...rules.map(({ expr }) => expr), ...panels.map(({ expr }) => filledIn(expr)), ...series];
    const unknown = async (): Promise<readonly string[]> => {
      labelsOf = new Map();
      const found: string[] = [];
      for (const expression of new Set(expressions)) {
        for (const { labels, metrics, made } of askedLabels(expression)) {
          if (metrics.some(isNotHere)) continue;
          const there = new Set([...made, ...(await Promise.all(metrics.map(known))).flatMap((names) => [...names])]);
          for (const label of labels)
            if (!there.has(label)) found.push(`${label} of ${metrics.join(", ")}: ${expression}`);
        }
      }
      return found;
    };
    await until(unknown, { what: "the last labels", accept: (found) => found.length === 0, intervalMs: 1000 });
  });

  test("every panel and every recording rule shows something while there is traffic", async () => {
    const panels = dashboards.flatMap(({ name, dashboard }) =>
      dashboard.panels.flatMap(({ title, targets = [] }) =>
        targets.map(({ expr }) => ({ what: `${name}: ${title}`, expr: filledIn(expr) })),
      ),
    );
    const recorded = rules.flatMap(({ record }) => (record === undefined ? [] : [{ what: record, expr: record }]));
    const all = [...panels, ...recorded].filter(({ expr }) => !metricNames(expr).some(isNotHere));
    await until(
      async () => {
        const results = await Promise.all(all.map(async (each) => ({ ...each, result: await query(each.expr) })));
        return results.filter(({ result }) => result.length === 0).map(({ what, expr }) => `${what}: ${expr}`);
      },
      { what: "the last panels", accept: (empty) => empty.length === 0, timeoutMs: 180_000, intervalMs: 1000 },
    );
  });

  test("every alert about the machine compares something: its thresholds aside, it has series", async () => {
    const compared = rules.flatMap(({ alert, expr }) =>
      alert?.startsWith("Host") === true ? [{ alert, expr: withoutComparisons(expr) }] : [],
    );
    assert.equal(compared.length, 5);
    await until(
      async () => {
        const here = compared.filter(({ expr }) => !metricNames(expr).some(isNotHere));
        const results = await Promise.all(here.map(async (each) => ({ ...each, result: await query(each.expr) })));
        return results.filter(({ result }) => result.length === 0).map(({ alert, expr }) => `${alert}: ${expr}`);
      },
      { what: "the machine's series", accept: (empty) => empty.length === 0, timeoutMs: 180_000, intervalMs: 500 },
    );
  });

  test("every variable of a dashboard has values", async () => {
    for (const { name, dashboard } of dashboards) {
      for (const variable of dashboard.templating.list.filter(({ type }) => type === "query")) {
        const [, metric = "", label = ""] = /^label_values\((.*), (\w+)\)$/.exec(variable.query) ?? [];
        const values = (await query(filledIn(metric))).map((series) => series.metric[label]);
        assert.ok(
          values.some((value) => value !== undefined && value !== ""),
          `${name}: ${variable.name}`,
        );
      }
    }
  });

  test("an upstream is named by its identity, a request by its route's object", async () => {
    const [upstream] = await query('envoy_cluster_membership_total{service="cart"}');
    assert.deepEqual(
      ["backend", "namespace", "service", "port"].map((label) => upstream?.metric[label]),
      ["local", "team-shop", "cart", "80"],
    );
    const [request] = await query('envoy_binnacle_requests{host="gone.test"}');
    assert.deepEqual(
      ["code", "flags", "namespace", "route_kind", "route_name", "request", "served_by"].map((l) => request?.metric[l]),
      ["503", "UH", "team-shop", "Ingress", "gone", undefined, undefined],
    );
  });

  test("latencies come as native histograms, and an upstream with traffic has some 30 series", async () => {
    const [series] = await query('envoy_binnacle_request_duration{service="cart"}');
    assert.ok(series?.histogram);
    // Prometheus 2.42 takes one without any value above 0 for a classic one, which is then a single bucket.
    assert.deepEqual(await query('{__name__=~"envoy_.+_bucket", le!="+Inf"}'), []);
    const [count] = await query('count({__name__=~"envoy_cluster_.+", service="cart"})');
    const ofCluster = Number(count?.value?.[1]);
    assert.ok(ofCluster >= 25 && ofCluster <= 40, `${ofCluster} series of one cluster with traffic`);
  });
});

/** Gentle traffic until the test is over. */
async function keepLoading(appliance: EnvoyAppliance, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await appliance.load().catch(() => undefined);
    await delay(50, undefined, { signal }).catch(() => undefined);
  }
}
