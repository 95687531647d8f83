import { compareText } from "#lib/compare.ts";
import { refKey } from "#resources/ref.ts";
import { HostIndex } from "./host-index.ts";
import { type ResourceSource, XDS_TYPES, type XdsResource, type XdsType } from "./resource.ts";

/** The name of one resource. */
export interface ResourceName {
  readonly type: XdsType;
  readonly name: string;
}

/** A version that Envoy refused, in its words. */
export interface Quarantine extends ResourceName {
  readonly version: string;
  readonly message: string;
  readonly sources: readonly ResourceSource[];
  /** Whether the form before it goes on; otherwise the resource is not served. */
  readonly servesEarlier: boolean;
}

export interface SnapshotListener {
  /** What is served changed: streams look again. */
  changed?(names: readonly ResourceName[]): void;
  /** Envoy accepted all that was made from these forms. */
  accepted?(sources: readonly ResourceSource[]): void;
  /** Envoy refused a resource, alone and by itself. */
  refused?(quarantine: Quarantine): void;
  /** A version was acknowledged for the first time. */
  acknowledged?(resource: XdsResource): void;
  /** A resource is wanted no more. */
  removed?(name: ResourceName): void;
}

/**
 * What Envoy should have, by type and name, and what of it Envoy has acknowledged. A version that was refused is not served
 * again: the last acknowledged one takes its place until something else is wanted.
 */
export class Snapshot {
  readonly #wanted = new Map<XdsType, Map<string, XdsResource>>(XDS_TYPES.map((type) => [type, new Map()]));
  readonly #acknowledged = new Map<XdsType, Map<string, XdsResource>>(XDS_TYPES.map((type) => [type, new Map()]));
  /** Of what is wanted. */
  readonly #hosts = new HostIndex();
  readonly #quarantined = new Map<string, Quarantine>();
  /** Resources that are not acknowledged yet, by the form of an object that they were made from. */
  readonly #pending = new Map<string, Set<XdsResource>>();
  readonly #unacknowledged = new Set<XdsResource>();
  readonly #listeners = new Set<SnapshotListener>();
  #ready = false;

  /** Until it is ready nothing is answered: not yet known is not the same as empty. */
  get ready(): boolean {
    return this.#ready;
  }

  /**
   * Resources that are wanted and not acknowledged. Left out are quarantined ones, and secrets: those go only to an Envoy that
   * had a handshake for them.
   */
  get unacknowledged(): number {
    return this.#unacknowledged.size;
  }

  /** Whether nothing is awaited about a resource: it is acknowledged or not wanted, and not quarantined. */
  isSettled({ type, name }: ResourceName): boolean {
    const wanted = this.#wanted.get(type)!.get(name);
    return wanted === undefined || this.#acknowledged.get(type)!.get(name)?.version === wanted.version;
  }

  listen(listener: SnapshotListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** From now on streams are answered. */
  open(): void {
    if (this.#ready) return;
    this.#ready = true;
    this.#changed(XDS_TYPES.flatMap((type) => this.names(type).map((name) => ({ type, name }))));
  }

  /** Sets and removes resources. Those whose content is as before cost nothing. */
  apply(upserts: readonly XdsResource[], removals: readonly ResourceName[] = []): void {
    const changed: ResourceName[] = [];
    for (const { type, name } of removals) if (this.#remove(type, name)) changed.push({ type, name });
    for (const resource of upserts) {
      if (this.#put(resource)) changed.push({ type: resource.type, name: resource.name });
    }
    // Only now: a form is settled when all that was made from it is.
    const settled = upserts.flatMap(({ sources }) => sources.filter((source) => !this.isPending(source)));
    if (settled.length > 0) this.#emit("accepted", settled);
    if (changed.length > 0 && this.#ready) this.#changed(changed);
  }

  /** The resource as it is to be sent: the wanted one, or the one before it while that is quarantined. */
  get(type: XdsType, name: string): XdsResource | undefined {
    const wanted = this.#wanted.get(type)!.get(name);
    if (wanted === undefined || this.#quarantined.size === 0) return wanted;
    if (this.#quarantined.get(keyOf(wanted))?.version !== wanted.version) return wanted;
    return this.#acknowledged.get(type)!.get(name);
  }

  /** Names of a type, sorted. */
  names(type: XdsType): readonly string[] {
    return [...this.#wanted.get(type)!.keys()].sort(compareText);
  }

  /** Names of the virtual hosts of a table, sorted. */
  hostsIn(table: string): readonly string[] {
    return this.#hosts.inTable(table);
  }

  /** The names under which a virtual host's host stands in other tables, sorted. */
  elsewhere(virtualHost: string): readonly string[] {
    return this.#hosts.elsewhere(virtualHost);
  }

  count(type: XdsType): number {
    return this.#wanted.get(type)!.size;
  }

  /** Whether something that was made from this form waits for Envoy's answer. */
  isPending({ ref, hash }: ResourceSource): boolean {
    return this.#pending.has(formKey({ ref, hash }));
  }

  /** Versions that Envoy refused and that are still wanted, sorted. */
  quarantined(): readonly Quarantine[] {
    return [...this.#quarantined].sort(([a], [b]) => compareText(a, b)).map(([, quarantine]) => quarantine);
  }

  /** A client took this resource. One that is wanted no more is what there is to go back to, until the next is taken. */
  acknowledge(resource: XdsResource): void {
    const { type, name, version } = resource;
    const wanted = this.#wanted.get(type)!.get(name);
    const before = this.#acknowledged.get(type)!.get(name);
    if (wanted === undefined) return;
    if (wanted.version !== version) {
      if (before?.version !== wanted.version) this.#fallBackTo(resource, wanted, before);
      return;
    }
    const first = before !== wanted;
    this.#acknowledged.get(type)!.set(name, wanted);
    if (first) this.#emit("acknowledged", wanted);
    this.#settle(wanted);
  }

  #fallBackTo(earlier: XdsResource, wanted: XdsResource, before: XdsResource | undefined): void {
    const quarantine = this.#quarantined.get(keyOf(wanted));
    const isServed = quarantine?.version === wanted.version;
    // What is served in place of a refused version stays: of two answers on their way one would replace the other for ever.
    if (isServed && before !== undefined) return;
    this.#acknowledged.get(earlier.type)!.set(earlier.name, earlier);
    if (!isServed) return;
    this.#quarantined.set(keyOf(wanted), { ...quarantine, servesEarlier: true });
    this.#changed([{ type: wanted.type, name: wanted.name }]);
  }

  /** A client refused this resource when it was sent alone. */
  refuse({ type, name, version }: XdsResource, message: string): void {
    const wanted = this.#wanted.get(type)!.get(name);
    const key = keyOf({ type, name });
    if (wanted?.version !== version || this.#quarantined.get(key)?.version === version) return;
    const earlier = this.#acknowledged.get(type)!.get(name);
    const servesEarlier = earlier !== undefined && earlier.version !== version;
    const quarantine = { type, name, version, message, sources: wanted.sources, servesEarlier };
    this.#quarantined.set(key, quarantine);
    this.#unacknowledged.delete(wanted);
    this.#changed([{ type, name }]);
    this.#emit("refused", quarantine);
  }

  /** These answer, too, for what was refused of a resource. Returns what is known of the refusal now. */
  blame(quarantine: Quarantine, sources: readonly ResourceSource[]): Quarantine {
    const key = keyOf(quarantine);
    const known = new Set(quarantine.sources.map(({ ref }) => refKey(ref)));
    const others = sources.filter(({ ref }) => !known.has(refKey(ref)));
    if (others.length === 0 || this.#quarantined.get(key)?.version !== quarantine.version) return quarantine;
    const blamed = { ...quarantine, sources: [...quarantine.sources, ...others] };
    this.#quarantined.set(key, blamed);
    return blamed;
  }

  #put(resource: XdsResource): boolean {
    const resources = this.#wanted.get(resource.type)!;
    const before = resources.get(resource.name);
    const awaited = before !== undefined && this.#unacknowledged.delete(before);
    if (before !== undefined) this.#unpend(before);
    resources.set(resource.name, resource);
    if (before === undefined && resource.type === "virtualHost") this.#hosts.add(resource.name);
    const acknowledged = this.#acknowledged.get(resource.type)!;
    if (acknowledged.get(resource.name)?.version === resource.version) acknowledged.set(resource.name, resource);
    const open = acknowledged.get(resource.name)?.version !== resource.version;
    // Of a secret, too: only a handshake shows what Envoy says of it, and until then its form is not accepted.
    if (open) this.#pend(resource);
    const same = before?.version === resource.version;
    if (same ? awaited : open && resource.type !== "secret") this.#unacknowledged.add(resource);
    if (!same && this.#quarantined.size > 0) this.#quarantined.delete(keyOf(resource));
    return !same;
  }

  #remove(type: XdsType, name: string): boolean {
    const resource = this.#wanted.get(type)!.get(name);
    if (resource === undefined) return false;
    this.#wanted.get(type)!.delete(name);
    if (type === "virtualHost") this.#hosts.delete(name);
    this.#acknowledged.get(type)!.delete(name);
    this.#quarantined.delete(keyOf(resource));
    this.#unacknowledged.delete(resource);
    this.#unpend(resource);
    this.#emit("removed", { type, name });
    return true;
  }

  #settle(resource: XdsResource): void {
    this.#unacknowledged.delete(resource);
    const settled = this.#unpend(resource);
    if (settled.length > 0) this.#emit("accepted", settled);
  }

  #pend(resource: XdsResource): void {
    for (const source of resource.sources) {
      const key = formKey(source);
      const waiting = this.#pending.get(key);
      if (waiting === undefined) this.#pending.set(key, new Set([resource]));
      else waiting.add(resource);
    }
  }

  /** Returns the forms that wait for nothing any more. */
  #unpend(resource: XdsResource): readonly ResourceSource[] {
    return resource.sources.filter((source) => {
      const key = formKey(source);
      const waiting = this.#pending.get(key);
      if (waiting?.delete(resource) !== true || waiting.size > 0) return false;
      return this.#pending.delete(key);
    });
  }

  #changed(names: readonly ResourceName[]): void {
    this.#emit("changed", names);
  }

  #emit<K extends keyof SnapshotListener>(event: K, value: Parameters<NonNullable<SnapshotListener[K]>>[0]): void {
    for (const listener of this.#listeners) (listener[event] as ((value: unknown) => void) | undefined)?.(value);
  }
}

function keyOf({ type, name }: ResourceName): string {
  return `${type} ${name}`;
}

function formKey({ ref, hash }: ResourceSource): string {
  return `${refKey(ref)} ${hash}`;
}
