import { dirname, join } from "node:path";
import {
  type AlertmanagerSettings,
  alertmanagerArguments,
  alertmanagerConfig,
  alertmanagerWebConfig,
} from "./alertmanager.ts";
import { type GrafanaSettings, grafanaFiles, grafanaIni } from "./grafana.ts";
import { type PrometheusSettings, prometheusArguments, prometheusConfig } from "./prometheus.ts";
import type { RuleFiles } from "./rule-files.ts";

/**
 * A program to run, as plain data: what to write, what to start, how to see that it works. Whoever runs it writes the
 * files first, and again before a reload.
 */
export interface MonitoringService {
  readonly name: "prometheus" | "alertmanager" | "node-exporter" | "grafana";
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Folders of its own, 0700; made when missing. */
  readonly directories: readonly string[];
  readonly files: readonly ServiceFile[];
  /** Folders in which only `files` may stand: others in them are of an earlier version and are removed. */
  readonly ownedDirectories: readonly string[];
  /** Answers 2xx when it does its work, to a request with `readyAuthorization` where there is one. */
  readonly ready: string;
  readonly readyAuthorization?: string;
  readonly port: number;
  /** On which it reads its files again. */
  readonly reloadSignal?: NodeJS.Signals;
}

/** All are 0600: some hold secrets, and nobody else reads any. */
export interface ServiceFile {
  /** Absolute. */
  readonly path: string;
  readonly content: string;
}

export interface PrometheusService {
  readonly command: string;
  /** Everything it writes and reads is below it. */
  readonly directory: string;
  readonly settings: PrometheusSettings;
  readonly rules: RuleFiles;
}

export function prometheusService({ command, directory, settings, rules }: PrometheusService): MonitoringService {
  const rulesDirectory = join(directory, "rules");
  const paths = {
    configFile: join(directory, "prometheus.yml"),
    dataDirectory: join(directory, "data"),
    rulesDirectory,
  };
  return {
    name: "prometheus",
    command,
    args: prometheusArguments(settings, paths),
    env: {},
    cwd: directory,
    directories: [directory, paths.dataDirectory, rulesDirectory],
    files: [
      { path: paths.configFile, content: prometheusConfig(settings, paths) },
      ...Object.entries(rules).map(([name, content]) => ({ path: join(rulesDirectory, name), content })),
    ],
    ownedDirectories: [rulesDirectory],
    ready: pageOf(settings.port, settings.externalUrl, "/-/ready"),
    port: settings.port,
    reloadSignal: "SIGHUP",
  };
}

export interface AlertmanagerService {
  readonly command: string;
  readonly directory: string;
  readonly settings: AlertmanagerSettings;
  /** alerts/templates/binnacle.tmpl. */
  readonly templateFile: string;
  /** Who may ask it anything: Prometheus and our API. */
  readonly credentials: { readonly username: string; readonly password: string; readonly bcryptHash: string };
}

export function alertmanagerService(service: AlertmanagerService): MonitoringService {
  const { command, directory, settings, credentials } = service;
  const { username, password, bcryptHash } = credentials;
  const paths = {
    configFile: join(directory, "alertmanager.yml"),
    webConfigFile: join(directory, "web.yml"),
    dataDirectory: join(directory, "data"),
    templateFile: service.templateFile,
  };
  return {
    name: "alertmanager",
    command,
    args: alertmanagerArguments(settings, paths),
    env: {},
    cwd: directory,
    directories: [directory, paths.dataDirectory],
    files: [
      { path: paths.configFile, content: alertmanagerConfig(settings, paths) },
      { path: paths.webConfigFile, content: alertmanagerWebConfig(username, bcryptHash) },
    ],
    ownedDirectories: [],
    ready: pageOf(settings.port, settings.externalUrl, "/-/ready"),
    readyAuthorization: basicAuthorization(username, password),
    port: settings.port,
    reloadSignal: "SIGHUP",
  };
}

export interface NodeExporterService {
  readonly command: string;
  readonly directory: string;
  readonly port: number;
  /** Where udev keeps what it knows of disks. */
  readonly udev: string | undefined;
}

/** The machine's own metrics. It needs no files. */
export function nodeExporterService({ command, directory, port, udev }: NodeExporterService): MonitoringService {
  return {
    name: "node-exporter",
    command,
    args: [
      `--web.listen-address=127.0.0.1:${port}`,
      // One series for each of its own Go internals and each mount of a container is nobody's question.
      "--web.disable-exporter-metrics",
      // Debian's package has them on: they need the system's bus and a folder of root's.
      "--no-collector.systemd",
      "--no-collector.textfile",
      // A folder that is not there would be told as an error: in a container there is no udev, and this one is empty.
      `--path.udev.data=${udev ?? directory}`,
      "--collector.filesystem.mount-points-exclude=^/(dev|proc|run|sys|var/lib/(docker|containers|kubelet)/.+)($|/)",
    ],
    env: {},
    cwd: directory,
    directories: [directory],
    files: [],
    ownedDirectories: [],
    ready: `http://127.0.0.1:${port}/metrics`,
    port,
  };
}

export interface GrafanaService {
  readonly command: string;
  readonly directory: string;
  readonly settings: GrafanaSettings;
}

export function grafanaService({ command, directory, settings }: GrafanaService): MonitoringService {
  const provisioning = join(directory, "provisioning");
  const configFile = join(directory, "grafana.ini");
  const files = grafanaFiles(settings).map(({ path, content }) => ({ path: join(provisioning, path), content }));
  return {
    name: "grafana",
    command,
    args: ["server", `--homepath=${settings.homeDirectory}`, `--config=${configFile}`],
    env: {},
    cwd: directory,
    directories: [directory, join(directory, "data"), ...new Set(files.map(({ path }) => dirname(path)))],
    files: [{ path: configFile, content: grafanaIni(settings, directory, provisioning) }, ...files],
    ownedDirectories: [],
    ready: pageOf(settings.port, settings.externalUrl, "/api/health"),
    port: settings.port,
  };
}

/** The value of an Authorization header (RFC 7617). */
export function basicAuthorization(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

/** A page of a program that listens on loopback and believes to be at `externalUrl`, whose path it keeps. */
function pageOf(port: number, externalUrl: string, page: string): string {
  return `http://127.0.0.1:${port}${new URL(externalUrl).pathname.replace(/\/$/, "")}${page}`;
}
