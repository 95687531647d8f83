import { dump } from "js-yaml";
import { formatDuration } from "#lib/duration.ts";

/** `alerts` of binnacle.yaml, as the configuration gives it. Durations in milliseconds. */
export interface AlertSettings {
  readonly receivers: readonly AlertReceiver[];
  /** Of alerts that no route takes; undefined when there is no receiver at all. */
  readonly defaultReceiver: string | undefined;
  readonly watchdogReceiver?: string | undefined;
  readonly routes: readonly { readonly team: string; readonly receiver: string }[];
  readonly groupWait: number;
  readonly groupInterval: number;
  readonly repeatInterval: number;
}

export interface AlertReceiver {
  readonly name: string;
  readonly webhook?: { readonly url: string; readonly bearerTokenFile?: string | undefined } | undefined;
  readonly email?: EmailReceiver | undefined;
}

export interface EmailReceiver {
  readonly to: readonly string[];
  readonly from: string;
  /** `host:port` of the mail server. */
  readonly smarthost: string;
  readonly username?: string | undefined;
  readonly passwordFile?: string | undefined;
  readonly requireTls: boolean;
}

export interface AlertmanagerSettings {
  readonly port: number;
  /** Where the API hands its pages on, with path: `http://127.0.0.1:8600/alertmanager`. */
  readonly externalUrl: string;
  readonly alerts: AlertSettings;
}

/** Absolute paths. */
export interface AlertmanagerPaths {
  /** Holds webhook URLs, which may hold tokens: 0600. */
  readonly configFile: string;
  readonly webConfigFile: string;
  readonly dataDirectory: string;
  /** alerts/templates/binnacle.tmpl. */
  readonly templateFile: string;
}

/** Shown in the API and the console, told to nobody. */
const NOBODY = "nobody";

/** alertmanager.yml, as 0.25 to 0.34 read it. */
export function alertmanagerConfig(settings: AlertmanagerSettings, paths: AlertmanagerPaths): string {
  const { alerts } = settings;
  return dump(
    {
      templates: [paths.templateFile],
      route: rootRoute(alerts),
      inhibit_rules: INHIBITION,
      receivers: [...alerts.receivers.map(receiver), { name: NOBODY }],
    },
    { lineWidth: -1, noRefs: true },
  );
}

/** Everybody who asks for anything must sign in: any page or program on this machine could silence alerts otherwise. */
export function alertmanagerWebConfig(username: string, bcryptHash: string): string {
  return dump({ basic_auth_users: { [username]: bcryptHash } });
}

/** Its command line: on loopback, and without its gossip, which would listen on every address. */
export function alertmanagerArguments(settings: AlertmanagerSettings, paths: AlertmanagerPaths): string[] {
  return [
    `--config.file=${paths.configFile}`,
    `--web.config.file=${paths.webConfigFile}`,
    `--storage.path=${paths.dataDirectory}`,
    `--web.listen-address=127.0.0.1:${settings.port}`,
    `--web.external-url=${settings.externalUrl}`,
    "--cluster.listen-address=",
  ];
}

/** By team, then by severity; what names no team, or one without a route, is the default receiver's. */
function rootRoute(alerts: AlertSettings): object {
  const fallback = alerts.defaultReceiver ?? NOBODY;
  const teams = alerts.routes.map(({ team, receiver }) => ({
    receiver,
    matchers: [`team="${team}"`],
    routes: [critical(alerts)],
  }));
  return {
    receiver: fallback,
    // One message for one trouble of one team, however many of its services it hits.
    group_by: ["alertname", "team", "backend", "appliance"],
    group_wait: formatDuration(alerts.groupWait),
    group_interval: formatDuration(alerts.groupInterval),
    repeat_interval: formatDuration(alerts.repeatInterval),
    routes: [watchdog(alerts), ...teams, critical(alerts)],
  };
}

/** What pages does not wait long for company. */
function critical(alerts: AlertSettings): object {
  return { matchers: ['severity="critical"'], group_wait: formatDuration(Math.min(alerts.groupWait, 10_000)) };
}

/** Fires always; for a dead man's switch it is repeated each minute, for others it is noise. */
function watchdog(alerts: AlertSettings): object {
  return {
    receiver: alerts.watchdogReceiver ?? NOBODY,
    matchers: ['alertname="Watchdog"'],
    group_wait: "0s",
    group_interval: "1m",
    repeat_interval: "1m",
  };
}

/**
 * `equal` holds when both lack a label, so a rule about objects must ask for one: otherwise every critical alert of the
 * appliance would mute every warning of it.
 */
const INHIBITION = [
  {
    // Made of the figures of all Envoys: while one is left, they are its.
    source_matchers: ['alertname=~"EnvoyDown|EnvoyNotLive"', 'envoys="all"'],
    target_matchers: [
      'alertname=~"Upstream.+|OutlierEjections|CircuitBreakerOpen|PendingOverflow|RetryStorm|HealthCheckFlapping|TrafficDrop"',
    ],
    equal: ["appliance"],
  },
  {
    // Of one Envoy.
    source_matchers: ['alertname=~"EnvoyDown|EnvoyNotLive"'],
    target_matchers: ['alertname="XdsDisconnected"'],
    equal: ["appliance", "instance"],
  },
  {
    // Of one upstream.
    source_matchers: ['severity="critical"', 'service!=""'],
    target_matchers: ['severity="warning"', 'service!=""'],
    equal: ["appliance", "backend", "namespace", "service", "port"],
  },
  {
    // Of one route.
    source_matchers: ['severity="critical"', 'route_name!=""'],
    target_matchers: ['severity="warning"', 'route_name!=""'],
    equal: ["appliance", "namespace", "route_kind", "route_name"],
  },
  {
    // Of one object by kind and name, certificates among them.
    source_matchers: ['severity="critical"', 'name!=""'],
    target_matchers: ['severity="warning"', 'name!=""'],
    equal: ["appliance", "kind", "namespace", "name"],
  },
  {
    source_matchers: ['alertname="DiscoverySourceStale"'],
    target_matchers: ['alertname="DiscoverySourceFailing"'],
    equal: ["appliance", "backend"],
  },
];

function receiver({ name, webhook, email }: AlertReceiver): object {
  return {
    name,
    ...(webhook === undefined ? {} : { webhook_configs: [webhookConfig(webhook)] }),
    ...(email === undefined ? {} : { email_configs: [emailConfig(email)] }),
  };
}

function webhookConfig({ url, bearerTokenFile }: NonNullable<AlertReceiver["webhook"]>): object {
  return {
    url,
    send_resolved: true,
    ...(bearerTokenFile === undefined ? {} : { http_config: { authorization: { credentials_file: bearerTokenFile } } }),
  };
}

function emailConfig(email: EmailReceiver): object {
  const { username, passwordFile } = email;
  return {
    to: email.to.join(", "),
    from: email.from,
    smarthost: email.smarthost,
    ...(username === undefined ? {} : { auth_username: username }),
    ...(passwordFile === undefined ? {} : { auth_password_file: passwordFile }),
    require_tls: email.requireTls,
    send_resolved: true,
    headers: { Subject: '{{ template "binnacle.subject" . }}' },
    html: '{{ template "binnacle.email.html" . }}',
    text: '{{ template "binnacle.email.text" . }}',
  };
}
