import type { ObjectRef } from "#resources/ref.ts";
import type { NamespaceScope } from "../auth/principal.ts";
import type { ObjectProblem } from "./objects.ts";

/** What a change would do, told before it is made. */
export interface DiffView {
  /**
   * Never changes anything. Implementations cut what they tell to the namespaces that the asker sees; a file with an object of
   * another is a {@link ForeignObject}.
   */
  plan(request: DiffRequest, scope: NamespaceScope): Promise<ChangePlan | ForeignObject>;
}

export interface DiffRequest {
  /** Manifests, YAML or JSON. */
  readonly files: readonly { readonly name: string; readonly text: string }[];
  /** Whether objects that stand, were not discovered and are in none of the files would be removed. */
  readonly prune: boolean;
}

export interface ForeignObject {
  readonly foreign: ObjectRef;
}

/** All lists are sorted. */
export interface ChangePlan {
  readonly objects: {
    readonly added: readonly ObjectRef[];
    /** With the fields that differ; values are not told. */
    readonly changed: readonly { readonly ref: ObjectRef; readonly fields: readonly string[] }[];
    readonly removed: readonly ObjectRef[];
    readonly unchanged: number;
  };
  readonly routes: readonly RouteChange[];
  /** Hosts that other namespaces get; an absent side is nobody, or a namespace that the asker does not see. */
  readonly hosts: readonly { readonly host: string; readonly from?: string; readonly to?: string }[];
  readonly problems: { readonly appear: readonly PlannedProblem[]; readonly go: readonly PlannedProblem[] };
  /** What would be sent to Envoy, by type of resource. */
  readonly envoy: readonly EnvoyChange[];
}

export interface RouteChange {
  readonly change: "added" | "removed" | "changed";
  readonly host: string;
  readonly schemes: readonly ("http" | "https")[];
  /** The name by which logs, metrics and the live view call it. */
  readonly route: string;
  readonly owner?: ObjectRef;
  /** What it does, a line each; of a change only the lines that differ. */
  readonly before: readonly string[];
  readonly after: readonly string[];
}

export interface PlannedProblem extends ObjectProblem {
  /** Undefined: of a file that is not understood. */
  readonly ref?: ObjectRef;
}

export interface EnvoyChange {
  readonly type: string;
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}
