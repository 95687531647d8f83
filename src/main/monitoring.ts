import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { MonitoringTargets } from "#api/monitoring/monitoring-target.ts";
import type { Config } from "#config/config.ts";
import { connectableHost } from "#lib/connectable-host.ts";
import type { Logger } from "#lib/log.ts";
import { type ComponentVersion, parseComponentVersion } from "#monitoring/component-version.ts";
import { compileDashboards } from "#monitoring/dashboards.ts";
import { bcryptHash, ensurePassword } from "#monitoring/password-file.ts";
import { readRuleFiles, renderRuleFiles } from "#monitoring/rule-files.ts";
import {
  alertmanagerService,
  basicAuthorization,
  grafanaService,
  type MonitoringService,
  nodeExporterService,
  prometheusService,
} from "#monitoring/services.ts";
import { writeServiceFiles } from "#monitoring/write-service-files.ts";
import type { ChildSpec } from "#supervisor/child.ts";
import type { StateDirectory } from "#supervisor/state-directory.ts";
import { REQUEST_STAT, TRAFFIC_RELABEL } from "#xds/resources/traffic-key.ts";
import { nodeExporterElsewhere } from "./node-exporter-elsewhere.ts";
import type { Programs } from "./programs.ts";

const ALERTS = fileURLToPath(new URL("../../alerts/", import.meta.url));
const UDEV = "/run/udev/data";
const USER = "binnacle";
/** The prefixes under which the API hands their pages on. */
const PROMETHEUS_PATH = "/prometheus";
const ALERTMANAGER_PATH = "/alertmanager";
const SETTINGS: Readonly<Record<MonitoringService["name"], string>> = {
  prometheus: "monitoring.prometheus.port",
  alertmanager: "monitoring.alertmanager.port",
  "node-exporter": "monitoring.nodeExporter.port",
  grafana: "monitoring.grafana.port",
};
const DASHBOARDS = fileURLToPath(new URL("../../dashboards/", import.meta.url));

export interface MonitoringPlan {
  readonly services: readonly MonitoringService[];
  readonly targets: MonitoringTargets;
  /** Where a browser finds Grafana; undefined when it is not run. */
  readonly grafanaUrl: string | undefined;
}

/** What is run beside Envoy, as the configuration wants it and as far as the programs are there. */
export async function planMonitoring(
  config: Config,
  programs: Programs,
  state: StateDirectory,
  publicUrl: string,
  logger: Logger,
): Promise<MonitoringPlan> {
  const { prometheus, alertmanager, nodeExporter } = config.monitoring;
  const isElsewhere =
    nodeExporter.enabled === "auto" && (await nodeExporterElsewhere(nodeExporter.port, state.folder("children")));
  if (isElsewhere) {
    logger.info("the machine's own metrics come from the node-exporter that runs already", { port: nodeExporter.port });
  }
  const commands = {
    prometheus: wanted("Prometheus", prometheus.enabled, programs.prometheus, logger),
    alertmanager: wanted("Alertmanager", alertmanager.enabled, programs.alertmanager, logger),
    nodeExporter: isElsewhere
      ? undefined
      : wanted("node-exporter", nodeExporter.enabled, programs.nodeExporter, logger),
  };
  const services: MonitoringService[] = [];
  const passwordFile = join(state.path, "alertmanager-password");
  const password = await ensurePassword(passwordFile);
  if (commands.nodeExporter !== undefined) {
    services.push(
      nodeExporterService({
        command: commands.nodeExporter,
        directory: state.folder("node-exporter"),
        port: nodeExporter.port,
        udev: existsSync(UDEV) ? UDEV : undefined,
      }),
    );
  }
  if (commands.alertmanager !== undefined) {
    services.push(
      alertmanagerService({
        command: commands.alertmanager,
        directory: state.folder("alertmanager"),
        settings: { port: alertmanager.port, externalUrl: `${publicUrl}${ALERTMANAGER_PATH}`, alerts: config.alerts },
        templateFile: join(ALERTS, "templates", "binnacle.tmpl"),
        credentials: { username: USER, password, bcryptHash: await bcryptHash(password) },
      }),
    );
  }
  if (commands.prometheus !== undefined) {
    services.push(
      prometheusService({
        command: commands.prometheus,
        directory: state.folder("prometheus"),
        rules: renderRuleFiles(await readRuleFiles(join(ALERTS, "rules")), {
          consoleUrl: publicUrl,
          availabilityObjective: config.alerts.objective,
          scrapeInterval: prometheus.scrapeInterval,
        }),
        settings: {
          version: await versionOf(commands.prometheus),
          port: prometheus.port,
          scrapeInterval: prometheus.scrapeInterval,
          evaluationInterval: prometheus.evaluationInterval,
          retention: prometheus.retention,
          retentionMiB: prometheus.retentionMiB,
          externalUrl: `${publicUrl}${PROMETHEUS_PATH}`,
          externalLabels: { appliance: hostname() },
          targets: {
            envoys: [`127.0.0.1:${config.envoy.statsPort}`],
            controlPlane: {
              address: `${connectableHost(config.api.address)}:${config.api.port}`,
              scheme: config.api.tls === undefined ? "http" : "https",
              tokenFile: join(state.path, "token"),
            },
            nodeExporter:
              isElsewhere || commands.nodeExporter !== undefined ? `127.0.0.1:${nodeExporter.port}` : undefined,
            alertmanager:
              commands.alertmanager === undefined
                ? undefined
                : { address: `127.0.0.1:${alertmanager.port}`, path: ALERTMANAGER_PATH, username: USER, passwordFile },
          },
          trafficRelabel: TRAFFIC_RELABEL,
          trafficLabels: [REQUEST_STAT.requestTag, REQUEST_STAT.routeTag],
        },
      }),
    );
  }
  const grafanaUrl = await planGrafana(config, programs, state, services, logger);
  return {
    services,
    grafanaUrl,
    targets: {
      ...(commands.prometheus === undefined ? {} : { prometheus: { url: url(prometheus.port, PROMETHEUS_PATH) } }),
      ...(commands.alertmanager === undefined
        ? {}
        : {
            alertmanager: {
              url: url(alertmanager.port, ALERTMANAGER_PATH),
              authorization: basicAuthorization(USER, password),
            },
          }),
    },
  };
}

/**
 * Compiles the dashboards and writes Grafana's provisioning, also where there is no Grafana: then for one that runs elsewhere.
 * Adds the service where there is one, and returns its address.
 */
async function planGrafana(
  config: Config,
  programs: Programs,
  state: StateDirectory,
  services: MonitoringService[],
  logger: Logger,
): Promise<string | undefined> {
  const { grafana, prometheus } = config.monitoring;
  if (grafana.enabled === false) return undefined;
  const dashboardsDirectory = state.folder("dashboards");
  if (programs.jsonnet === undefined) logger.warn("Jsonnet is not installed: there are no dashboards for Grafana");
  else await compileDashboards({ jsonnet: programs.jsonnet, sources: DASHBOARDS, output: dashboardsDirectory });
  const directory = state.folder("grafana");
  const passwordFile = join(directory, "admin-password");
  await ensurePassword(passwordFile);
  const externalUrl = `http://127.0.0.1:${grafana.port}`;
  const service = grafanaService({
    command: programs.grafana ?? "grafana",
    directory,
    settings: {
      port: grafana.port,
      homeDirectory: programs.grafana === undefined ? "/usr/share/grafana" : dirname(dirname(programs.grafana)),
      externalUrl,
      passwordFile,
      prometheusUrl: `http://127.0.0.1:${prometheus.port}${PROMETHEUS_PATH}`,
      scrapeInterval: prometheus.scrapeInterval,
      dashboardsDirectory,
    },
  });
  if (programs.grafana !== undefined) {
    services.push(service);
    return externalUrl;
  }
  await writeServiceFiles(service);
  logger.info("Grafana is not installed; dashboards and provisioning for one are written", {
    directory,
    dashboardsDirectory,
  });
  return undefined;
}

function url(port: number, path: string): () => URL {
  return () => new URL(`http://127.0.0.1:${port}${path}`);
}

/** Writes a service's files and says how to run it. */
export async function childOf(service: MonitoringService): Promise<ChildSpec> {
  await writeServiceFiles(service);
  const { name, command, args, env, cwd, ready, readyAuthorization, port, reloadSignal } = service;
  const headers = readyAuthorization === undefined ? {} : { authorization: readyAuthorization };
  return {
    name,
    command,
    args,
    env,
    cwd,
    ready: async (signal) => (await fetch(ready, { headers, signal })).ok,
    ports: [{ address: "127.0.0.1", port, setting: `${SETTINGS[name]} in binnacle.yaml` }],
    ...(reloadSignal === undefined ? {} : { reloadSignal }),
  };
}

function wanted(
  title: string,
  enabled: boolean | "auto",
  command: string | undefined,
  logger: Logger,
): string | undefined {
  if (enabled === false) return undefined;
  if (command === undefined && enabled === true) {
    logger.warn(`${title} is not installed and is left out; set-up can fetch it: npm run up`);
  }
  return command;
}

/** Undefined for a program that does not say it, as one built by `go install`: it is then taken for a new one. */
async function versionOf(command: string): Promise<ComponentVersion | undefined> {
  const { stdout, stderr } = await promisify(execFile)(command, ["--version"], { timeout: 20_000 });
  return parseComponentVersion(stdout) ?? parseComponentVersion(stderr);
}
