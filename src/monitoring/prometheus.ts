import { dump } from "js-yaml";
import { formatDuration } from "#lib/duration.ts";
import { type ComponentVersion, isAtLeast } from "./component-version.ts";

/** One rule of `metric_relabel_configs`, on one label. */
export interface RelabelRule {
  readonly sourceLabel: string;
  readonly regex: string;
  readonly targetLabel: string;
  readonly replacement: string;
}

export interface PrometheusSettings {
  /** Of the program that will read this: 2.42 to 3.x. Undefined: built from source, which prints none; taken for a new one. */
  readonly version: ComponentVersion | undefined;
  readonly port: number;
  /** Milliseconds. */
  readonly scrapeInterval: number;
  /** Milliseconds. */
  readonly evaluationInterval: number;
  /** Milliseconds. */
  readonly retention: number;
  /** Disk that samples may take; undefined for no bound but `retention`. */
  readonly retentionMiB: number | undefined;
  /** Where the API hands its pages on, with path: `http://127.0.0.1:8600/prometheus`. */
  readonly externalUrl: string;
  /** Added to what is sent to Alertmanager: which appliance it comes from. */
  readonly externalLabels: Readonly<Record<string, string>>;
  readonly targets: PrometheusTargets;
  /** Turns what Envoy's traffic counters carry in one label into the labels that rules and panels read. */
  readonly trafficRelabel: readonly RelabelRule[];
  /** Labels of the traffic counters that say nothing more after `trafficRelabel`. */
  readonly trafficLabels: readonly string[];
}

/** Absolute paths. */
export interface PrometheusPaths {
  readonly configFile: string;
  readonly dataDirectory: string;
  /** Every `*.yml` in it is a rule file. */
  readonly rulesDirectory: string;
}

/** What is scraped. An `address` is `host:port`. */
export interface PrometheusTargets {
  /** Envoys' statistics listeners. */
  readonly envoys: readonly string[];
  readonly controlPlane: {
    readonly address: string;
    readonly scheme: "http" | "https";
    /** File of the API's token. */
    readonly tokenFile: string;
  };
  readonly nodeExporter: string | undefined;
  readonly alertmanager: AlertmanagerTarget | undefined;
}

export interface AlertmanagerTarget {
  readonly address: string;
  /** Of its external URL: `/alertmanager`. */
  readonly path: string;
  readonly username: string;
  readonly passwordFile: string;
}

/** How long a target has to hand out its metrics. Prometheus refuses a limit that is longer than the interval. Milliseconds. */
export function scrapeTimeout(scrapeInterval: number): number {
  return Math.min(scrapeInterval, 10_000);
}

/** prometheus.yml. Secrets are named by file only. Reloaded by SIGHUP: there is no lifecycle API. */
export function prometheusConfig(settings: PrometheusSettings, paths: PrometheusPaths): string {
  const { targets } = settings;
  return dump(
    {
      global: {
        scrape_interval: formatDuration(settings.scrapeInterval),
        scrape_timeout: formatDuration(scrapeTimeout(settings.scrapeInterval)),
        evaluation_interval: formatDuration(settings.evaluationInterval),
        ...(Object.keys(settings.externalLabels).length === 0 ? {} : { external_labels: settings.externalLabels }),
      },
      rule_files: [`${paths.rulesDirectory}/*.yml`],
      ...(targets.alertmanager === undefined ? {} : { alerting: alerting(targets.alertmanager) }),
      scrape_configs: [
        envoyJob(settings),
        controlPlaneJob(targets),
        ...(targets.nodeExporter === undefined ? [] : [{ job_name: "node", ...statics([targets.nodeExporter]) }]),
        {
          job_name: "prometheus",
          metrics_path: `${new URL(settings.externalUrl).pathname.replace(/\/$/, "")}/metrics`,
          ...statics([`127.0.0.1:${settings.port}`]),
        },
        ...(targets.alertmanager === undefined ? [] : [alertmanagerJob(targets.alertmanager)]),
      ],
    },
    { lineWidth: -1, noRefs: true },
  );
}

/**
 * Its command line: on loopback, without the lifecycle and admin APIs, and with answers that only the console's own
 * origin may read (by default any page may).
 */
export function prometheusArguments(settings: PrometheusSettings, paths: PrometheusPaths): string[] {
  const { retentionMiB } = settings;
  return [
    `--config.file=${paths.configFile}`,
    `--storage.tsdb.path=${paths.dataDirectory}`,
    `--storage.tsdb.retention.time=${formatDuration(settings.retention)}`,
    ...(retentionMiB === undefined ? [] : [`--storage.tsdb.retention.size=${retentionMiB}MB`]),
    `--web.listen-address=127.0.0.1:${settings.port}`,
    `--web.external-url=${settings.externalUrl}`,
    `--web.cors.origin=${new URL(settings.externalUrl).origin.replace(/[.[\]]/g, "\\$&")}`,
    // What is sent in the first seconds, before it knows its Alertmanager, is lost: say it again soon. The default is 1m.
    "--rules.alert.resend-delay=15s",
    ...(hasNativeSetting(settings.version) ? [] : ["--enable-feature=native-histograms"]),
  ];
}

/**
 * Envoy's latencies are native histograms in every supported version: a tenth of the series, and one form for the
 * recording rules, the only ones that know. Before 3.8 they are switched on by a flag for the whole server.
 */
function hasNativeSetting(version: ComponentVersion | undefined): boolean {
  return version === undefined || isAtLeast(version, 3, 8);
}

function envoyJob(settings: PrometheusSettings): object {
  return {
    job_name: "envoy",
    metrics_path: "/stats/prometheus",
    params: { histogram_buckets: ["prometheusnative"] },
    ...(hasNativeSetting(settings.version)
      ? { scrape_native_histograms: true, scrape_protocols: ["PrometheusProto"] }
      : {}),
    ...statics(settings.targets.envoys),
    metric_relabel_configs: [
      ...UPSTREAM_LABELS.map((label, index) => ({
        // Not the traffic counters: their namespace is the route's.
        source_labels: ["__name__", "envoy_cluster_name"],
        regex: UPSTREAM_NAME,
        target_label: label,
        replacement: `$${index + 1}`,
      })),
      ...settings.trafficRelabel.map(({ sourceLabel, regex, targetLabel, replacement }) => ({
        source_labels: [sourceLabel],
        regex,
        target_label: targetLabel,
        replacement,
      })),
      ...(settings.trafficLabels.length === 0
        ? []
        : [{ action: "labeldrop", regex: settings.trafficLabels.join("|") }]),
    ],
  };
}

/** The parts of a cluster's name, which is the upstream's identity: `backend/namespace/service/port`. */
const UPSTREAM_LABELS = ["backend", "namespace", "service", "port"] as const;
const UPSTREAM_NAME = "envoy_cluster_.+;([^/]+)/([^/]+)/([^/]+)/([0-9]+)(?:~[0-9a-f]+)?";

function controlPlaneJob({ controlPlane }: PrometheusTargets): object {
  return {
    job_name: "binnacle",
    scheme: controlPlane.scheme,
    authorization: { credentials_file: controlPlane.tokenFile },
    // The API's certificate is for the names that browsers use; this is the same machine.
    ...(controlPlane.scheme === "https" ? { tls_config: { insecure_skip_verify: true } } : {}),
    ...statics([controlPlane.address]),
  };
}

function alertmanagerJob(alertmanager: AlertmanagerTarget): object {
  return {
    job_name: "alertmanager",
    metrics_path: `${alertmanager.path}/metrics`,
    basic_auth: basicAuth(alertmanager),
    ...statics([alertmanager.address]),
  };
}

function alerting(alertmanager: AlertmanagerTarget): object {
  return {
    alertmanagers: [
      {
        path_prefix: alertmanager.path,
        basic_auth: basicAuth(alertmanager),
        ...statics([alertmanager.address]),
      },
    ],
  };
}

function basicAuth({ username, passwordFile }: AlertmanagerTarget): object {
  return { username, password_file: passwordFile };
}

function statics(targets: readonly string[]): object {
  return { static_configs: [{ targets: [...targets] }] };
}
