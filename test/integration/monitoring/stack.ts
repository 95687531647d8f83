import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { AlertSettings } from "#monitoring/alertmanager.ts";
import { parseComponentVersion } from "#monitoring/component-version.ts";
import { bcryptHash, ensurePassword } from "#monitoring/password-file.ts";
import type { PrometheusSettings } from "#monitoring/prometheus.ts";
import { readRuleFiles, renderRuleFiles, type RuleFiles } from "#monitoring/rule-files.ts";
import { alertmanagerService, type MonitoringService, prometheusService } from "#monitoring/services.ts";
import { freePorts } from "../support/free-port.ts";
import { requiredBinary } from "../support/required-binary.ts";

export const ROOT = join(import.meta.dirname, "..", "..", "..");
const CONSOLE = "http://console.test:8600";

export interface StackOptions {
  /** A folder of the test's own. */
  readonly directory: string;
  readonly alerts?: Partial<AlertSettings>;
  readonly envoys?: readonly string[];
  readonly controlPlane?: string;
  readonly nodeExporter?: string;
  readonly trafficRelabel?: PrometheusSettings["trafficRelabel"];
  readonly trafficLabels?: readonly string[];
}

export interface Stack {
  readonly prometheus: MonitoringService;
  readonly alertmanager: MonitoringService;
  readonly prometheusUrl: string;
  readonly alertmanagerUrl: string;
}

/** Prometheus and Alertmanager as Binnacle sets them up, with the real rules, on free ports and at a quick pace. */
export async function monitoringStack(options: StackOptions): Promise<Stack> {
  const { directory } = options;
  const [prometheusPort = 0, alertmanagerPort = 0] = await freePorts(2);
  const passwordFile = join(directory, "alertmanager-password");
  const password = await ensurePassword(passwordFile);
  const command = requiredBinary("BINNACLE_PROMETHEUS");
  const username = "binnacle";
  const rules = await readRuleFiles(join(ROOT, "alerts", "rules"));
  const prometheus = prometheusService({
    command,
    directory: join(directory, "prometheus"),
    settings: {
      version: parseComponentVersion(execFileSync(command, ["--version"], { encoding: "utf8" })),
      port: prometheusPort,
      scrapeInterval: 1000,
      evaluationInterval: 1000,
      retention: 86_400_000,
      retentionMiB: 256,
      externalUrl: `${CONSOLE}/prometheus`,
      externalLabels: { appliance: "test" },
      targets: {
        envoys: options.envoys ?? ["127.0.0.1:1"],
        controlPlane: { address: options.controlPlane ?? "127.0.0.1:1", scheme: "http", tokenFile: passwordFile },
        nodeExporter: options.nodeExporter,
        alertmanager: {
          address: `127.0.0.1:${alertmanagerPort}`,
          path: "/alertmanager",
          username,
          passwordFile,
        },
      },
      trafficRelabel: options.trafficRelabel ?? [],
      trafficLabels: options.trafficLabels ?? [],
    },
    rules: renderRuleFiles(quickly(rules), {
      consoleUrl: CONSOLE,
      availabilityObjective: 0.999,
      scrapeInterval: 1000,
    }),
  });
  const alertmanager = alertmanagerService({
    command: requiredBinary("BINNACLE_ALERTMANAGER"),
    directory: join(directory, "alertmanager"),
    settings: {
      port: alertmanagerPort,
      externalUrl: `${CONSOLE}/alertmanager`,
      alerts: {
        receivers: [],
        defaultReceiver: undefined,
        routes: [],
        groupWait: 1000,
        groupInterval: 1000,
        repeatInterval: 3_600_000,
        ...options.alerts,
      },
    },
    templateFile: join(ROOT, "alerts", "templates", "binnacle.tmpl"),
    credentials: { username, password, bcryptHash: await bcryptHash(password) },
  });
  return {
    prometheus,
    alertmanager,
    prometheusUrl: `http://127.0.0.1:${prometheusPort}/prometheus`,
    alertmanagerUrl: `http://127.0.0.1:${alertmanagerPort}/alertmanager`,
  };
}

/** The rules without intervals of their own: a test does not wait five minutes for a group's turn. */
function quickly(rules: RuleFiles): RuleFiles {
  return Object.fromEntries(
    Object.entries(rules).map(([name, text]) => [name, text.replaceAll(/^ {4}interval: .*\n/gm, "")]),
  );
}
