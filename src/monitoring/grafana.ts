import { join } from "node:path";
import { dump } from "js-yaml";
import { formatDuration } from "#lib/duration.ts";

export interface GrafanaSettings {
  readonly port: number;
  /** Where it was unpacked or installed: /usr/share/grafana. */
  readonly homeDirectory: string;
  /** Where a browser finds it: `http://127.0.0.1:3000`. */
  readonly externalUrl: string;
  /** File of the first password of its user `admin`. */
  readonly passwordFile: string;
  /** Prometheus, with its path prefix: `http://127.0.0.1:9090/prometheus`. */
  readonly prometheusUrl: string;
  /** Of Prometheus, in milliseconds: no panel asks for finer steps. */
  readonly scrapeInterval: number;
  readonly dashboardsDirectory: string;
}

/** The uid that the dashboards' variable `datasource` finds by default. */
const DATASOURCE_UID = "binnacle-prometheus";

/** Provisioning files by their path below the provisioning folder. They are also written where no Grafana runs. */
export function grafanaFiles(
  settings: GrafanaSettings,
): readonly { readonly path: string; readonly content: string }[] {
  return [
    { path: "datasources/binnacle.yaml", content: dump(datasources(settings)) },
    { path: "dashboards/binnacle.yaml", content: dump(dashboards(settings)) },
  ];
}

function datasources({ prometheusUrl, scrapeInterval }: GrafanaSettings): object {
  return {
    apiVersion: 1,
    datasources: [
      {
        name: "Binnacle",
        uid: DATASOURCE_UID,
        type: "prometheus",
        access: "proxy",
        url: prometheusUrl,
        isDefault: true,
        editable: false,
        jsonData: { httpMethod: "POST", timeInterval: formatDuration(scrapeInterval) },
      },
    ],
  };
}

function dashboards({ dashboardsDirectory }: GrafanaSettings): object {
  return {
    apiVersion: 1,
    providers: [
      {
        name: "binnacle",
        folder: "Binnacle",
        type: "file",
        disableDeletion: true,
        allowUiUpdates: false,
        options: { path: dashboardsDirectory },
      },
    ],
  };
}

/** grafana.ini: on loopback, nobody comes in unasked, nothing is sent or fetched from elsewhere. */
export function grafanaIni(settings: GrafanaSettings, directory: string, provisioning: string): string {
  return ini({
    paths: { data: join(directory, "data"), logs: join(directory, "data", "log"), provisioning },
    server: { http_addr: "127.0.0.1", http_port: settings.port, root_url: settings.externalUrl },
    security: {
      admin_user: "admin",
      admin_password: `$__file{${settings.passwordFile}}`,
      disable_gravatar: true,
      cookie_samesite: "strict",
    },
    users: { allow_sign_up: false },
    "auth.anonymous": { enabled: false },
    analytics: { reporting_enabled: false, check_for_updates: false, check_for_plugin_updates: false },
    news: { news_feed_enabled: false },
    plugins: { plugin_admin_enabled: false, preinstall_disabled: true },
    log: { mode: "console" },
  });
}

type Section = Readonly<Record<string, string | number | boolean>>;

function ini(sections: Readonly<Record<string, Section>>): string {
  return Object.entries(sections).map(section).join("\n");
}

function section([name, values]: readonly [string, Section]): string {
  const lines = Object.entries(values).map(([key, value]) => `${key} = ${value}\n`);
  return `[${name}]\n${lines.join("")}`;
}
