import type { Role } from "./auth/principal.ts";
import type { ApplianceView } from "./ports/appliance.ts";
import type { BackendState, DependentRoute, FoundService } from "./ports/backends.ts";
import type { ObjectDetail, ObjectSummary } from "./ports/objects.ts";

/**
 * The bodies of /api/v1's answers, for the console and the command line. Types only.
 * Times are milliseconds since the epoch unless they say otherwise.
 */
export interface StatusAnswer {
  readonly version: string;
  readonly time: number;
  readonly startedAt: number;
  readonly principal: PrincipalAnswer;
  readonly ready: boolean;
  /** Why it is not ready. */
  readonly reasons: readonly string[];
  readonly envoys: ReturnType<ApplianceView["envoys"]>;
  readonly sources: ReturnType<ApplianceView["sources"]>;
  readonly children: ReturnType<ApplianceView["children"]>;
  readonly objects: ObjectCounts;
  /** Which of these can be reached through the API. */
  readonly links: { readonly prometheus: boolean; readonly alertmanager: boolean; readonly grafana?: string };
}

export interface PrincipalAnswer {
  readonly name: string;
  /** The highest that they have anywhere. */
  readonly role: Role;
  readonly namespaces: "all" | readonly string[];
  /** Where they also silence, pin and confirm. */
  readonly operates: "all" | readonly string[];
}

export interface ObjectCounts {
  readonly total: number;
  /** Objects with at least one error; with warnings only. */
  readonly errors: number;
  readonly warnings: number;
}

export interface ObjectsAnswer {
  readonly objects: readonly ObjectSummary[];
}

export type ObjectAnswer = ObjectDetail;

/** Firing alerts, the most severe first. */
export interface AlertsAnswer {
  readonly alerts: readonly AlertAnswer[];
}

export interface AlertAnswer {
  readonly fingerprint: string;
  readonly name: string;
  readonly severity: string;
  readonly team: string;
  readonly summary: string;
  readonly description: string;
  /** Link to the page that says what to do; empty when the alert names none. */
  readonly runbook: string;
  /** RFC 3339. */
  readonly startsAt: string;
  readonly state: "active" | "silenced" | "inhibited";
  readonly silencedBy: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

export interface SilencesAnswer {
  readonly silences: readonly SilenceAnswer[];
}

export interface SilenceAnswer {
  readonly id: string;
  readonly state: "active" | "pending" | "expired";
  readonly matchers: readonly SilenceMatcherAnswer[];
  readonly startsAt: string;
  readonly endsAt: string;
  readonly createdBy: string;
  readonly comment: string;
}

export interface SilenceMatcherAnswer {
  readonly name: string;
  readonly value: string;
  readonly isRegex: boolean;
  readonly isEqual: boolean;
}

/** Body of POST /api/v1/silences; the author is whoever is signed in. */
export interface NewSilence {
  readonly matchers: readonly SilenceMatcherAnswer[];
  readonly comment: string;
  /** Minutes from now, 1 to 43,200 (30 days). */
  readonly minutes: number;
}

/** Answer of POST /api/v1/sign-in-links. */
export interface SignInLinkAnswer {
  readonly url: string;
  /** It signs in once, until then. */
  readonly until: number;
}

export interface BackendsAnswer {
  readonly backends: readonly BackendAnswer[];
}

export type BackendAnswer = BackendState & ReplicationAnswer;

/** Of what the one who asks may see. */
export interface ReplicationAnswer {
  /** How many upstream has, and how many of those are here. */
  readonly services: { readonly upstream: number; readonly here: number };
  readonly endpoints: { readonly upstream: number; readonly here: number };
  readonly heldServices: number;
  readonly unplacedServices: number;
}

export interface BackendDetailAnswer extends BackendAnswer {
  readonly namespaces: readonly (ReplicationAnswer & { readonly namespace: string })[];
  readonly held: readonly FoundService[];
  readonly unplaced: readonly FoundService[];
}

export interface FoundServicesAnswer {
  readonly services: readonly FoundService[];
}

export interface DependentRoutesAnswer {
  readonly routes: readonly DependentRoute[];
}

/** Answer of POST /api/v1/backends/NAME/confirm: how many services took effect. */
export interface HeldConfirmedAnswer {
  readonly services: number;
}

/** Answer of POST /api/v1/backends/NAME/remove. */
export interface RemovalAnswer {
  /** When nothing of it is here any more. */
  readonly goneAt: number;
  readonly routes: readonly DependentRoute[];
}
