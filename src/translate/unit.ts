import type { Kind, ObjectRef } from "#resources/ref.ts";
import type { ResourceOf } from "#resources/resource.ts";
import type { StoredObject } from "#store/object-state.ts";
import type { GatewaySettings } from "./gateway-settings.ts";
import type { IrItem } from "./ir.ts";
import type { ResolvedName } from "./resolved-name.ts";
import type { Verdict } from "./verdict.ts";

/**
 * A unit of translation: what is built again as one when something that it read changes.
 * `host:H` a host's routes, tables and certificate · `part:NS/NAME` an HTTPProxy without a host · `extension:NS/NAME` an
 * ExtensionService · `upstream:B/N/S/P` a Service port's cluster and endpoints ·
 * `gateway:B` what the upstreams of a backend are reached through · `listener:NAME` a configured listener · `tables:` the route tables.
 */
export type UnitId = `${UnitKind}:${string}`;
export type UnitKind = "host" | "part" | "extension" | "upstream" | "gateway" | "listener" | "tables";

/** Something that a unit lets others know, so that they need not read what it read. */
export interface Fact {
  readonly topic: string;
  readonly value: string;
}

/** A unit that is needed, with the object that asks for something in it which the unit itself reads of no object. */
export type Need = UnitId | { readonly unit: UnitId; readonly by: ObjectRef };

export interface UnitItem {
  readonly item: IrItem;
  /**
   * The objects that answer for it, of those that were read: their content is in it, and when Envoy refuses it one of them is
   * the cause. The likeliest first; empty when it comes from the configuration.
   */
  readonly from: readonly ObjectRef[];
}

export interface UnitResult {
  readonly items: readonly UnitItem[];
  readonly verdicts: readonly Verdict[];
  /** Units that this one sends traffic to: they stand as long as somebody needs them. */
  readonly needs: readonly Need[];
  readonly facts: readonly Fact[];
}

/** What a unit reads through; every read is recorded, and a change to it builds the unit again. */
export interface Reader {
  get<K extends Kind>(kind: K, namespace: string, name: string): StoredObject<ResourceOf<K>> | undefined;
  /** The last form of use of an object that is gone or serves nothing; it is kept as long as some unit asks for it. */
  kept<K extends Kind>(kind: K, namespace: string, name: string): StoredObject<ResourceOf<K>> | undefined;
  /** The objects under an index entry, sorted by reference. */
  list(index: string, key: string): readonly StoredObject[];
  /** What DNS says of a name. Undefined: it has not answered yet. A unit that reads it also says so ({@link WANTED_NAMES}). */
  name(lookup: string): ResolvedName | undefined;
  /** What the upstreams of a backend are reached through; undefined: they are reached directly. */
  gateway(backend: string): GatewaySettings | undefined;
  /** The values that units published under a topic, sorted, each once. */
  facts(topic: string): readonly string[];
}

/**
 * Builds a unit from what it reads and nothing else. `undefined`: there is nothing to it, and no change of what it read can
 * alter that (only of the index entry that it stands for, or a new need for it).
 */
export type UnitBuilder = (key: string, read: Reader) => UnitResult | undefined;

export function unitId(kind: UnitKind, key: string): UnitId {
  return `${kind}:${key}`;
}

export function unitOf(need: Need): UnitId {
  return typeof need === "string" ? need : need.unit;
}

export function splitUnitId(id: UnitId): { kind: UnitKind; key: string } {
  const at = id.indexOf(":");
  return { kind: id.slice(0, at) as UnitKind, key: id.slice(at + 1) };
}
