import { compareText } from "#lib/compare.ts";
import type { AlertAnswer, SilenceAnswer } from "../answers.ts";
import { mayOperateNamespace, mayReadNamespace, type Principal } from "../auth/principal.ts";
import type { AlertmanagerAlert, AlertmanagerSilence, SilenceMatcher } from "./alertmanager-client.ts";

/** Labels under which a rule names the namespace that an alert is about. A team is a namespace. */
const NAMESPACE_LABELS = ["namespace", "team"];
const SEVERITIES = ["critical", "page", "error", "warning", "info", "none"];
/** The dead man's switch fires always: it says that alerting works, not that something is wrong. */
const ALWAYS_FIRING = "Watchdog";

/** Alertmanager's alerts as they are shown: cut to the principal, the most severe and then the newest first. */
export function shownAlerts(alerts: readonly AlertmanagerAlert[], principal: Principal): AlertAnswer[] {
  return alerts
    .filter(({ labels }) => labels["alertname"] !== ALWAYS_FIRING && maySeeLabels(principal, labels))
    .map(shownAlert)
    .sort(
      (a, b) =>
        severityRank(a.severity) - severityRank(b.severity) ||
        compareText(b.startsAt, a.startsAt) ||
        compareText(a.fingerprint, b.fingerprint),
    );
}

function shownAlert(alert: AlertmanagerAlert): AlertAnswer {
  const { labels, annotations, status } = alert;
  return {
    fingerprint: alert.fingerprint,
    name: labels["alertname"] ?? "",
    severity: labels["severity"] ?? "none",
    team: labels["team"] ?? labels["namespace"] ?? "",
    summary: annotations["summary"] ?? "",
    description: annotations["description"] ?? "",
    runbook: annotations["runbook_url"] ?? "",
    startsAt: alert.startsAt,
    state: status.silencedBy.length > 0 ? "silenced" : status.inhibitedBy.length > 0 ? "inhibited" : "active",
    silencedBy: status.silencedBy,
    labels,
  };
}

function severityRank(severity: string): number {
  const rank = SEVERITIES.indexOf(severity);
  return rank === -1 ? SEVERITIES.length : rank;
}

function maySeeLabels(principal: Principal, labels: Readonly<Record<string, string>>): boolean {
  if (principal.namespaces === "all") return true;
  return NAMESPACE_LABELS.some((label) => {
    const namespace = labels[label];
    return namespace !== undefined && mayReadNamespace(principal, namespace);
  });
}

/** Silences as they are shown: those in force first, then by their end. */
export function shownSilences(silences: readonly AlertmanagerSilence[], principal: Principal): SilenceAnswer[] {
  return silences
    .filter(({ matchers }) => maySeeSilence(principal, matchers))
    .map(({ status, ...silence }) => ({ ...silence, state: status.state }))
    .sort(
      (a, b) =>
        Number(a.state === "expired") - Number(b.state === "expired") ||
        compareText(b.endsAt, a.endsAt) ||
        compareText(a.id, b.id),
    );
}

/** A team silences what names its own namespace, literally: a pattern could take in its neighbours. */
export function maySilence(principal: Principal, matchers: readonly SilenceMatcher[]): boolean {
  return principal.operates === "all" || namespacesOf(matchers).some((name) => mayOperateNamespace(principal, name));
}

export function maySeeSilence(principal: Principal, matchers: readonly SilenceMatcher[]): boolean {
  return principal.namespaces === "all" || namespacesOf(matchers).some((name) => mayReadNamespace(principal, name));
}

/** All matchers have to fit, so one that names a namespace keeps the silence within it. */
function namespacesOf(matchers: readonly SilenceMatcher[]): readonly string[] {
  return matchers
    .filter(({ name, isRegex, isEqual }) => NAMESPACE_LABELS.includes(name) && isEqual && !isRegex)
    .map(({ value }) => value);
}
