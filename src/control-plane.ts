import { isDeepStrictEqual } from "node:util";
import type { Problem } from "#lib/problem.ts";
import type { SetTimer } from "#lib/set-timer.ts";
import { formatRef, type ObjectRef, refKey, type RefKey } from "#resources/ref.ts";
import type { Archive } from "#store/archive.ts";
import type { StoreEvent } from "#store/object-state.ts";
import { Store } from "#store/store.ts";
import type { GatewaySettings } from "#translate/gateway-settings.ts";
import { TRANSLATION_INDEXES } from "#translate/indexes.ts";
import { type ResolvedName, WANTED_NAMES } from "#translate/resolved-name.ts";
import { holdsPair } from "#translate/secret-pair.ts";
import type { TranslateSettings } from "#translate/settings.ts";
import { type TranslatedItem, type TranslationDelta, Translator } from "#translate/translator.ts";
import type { UnitId } from "#translate/unit.ts";
import { translationUnits } from "#translate/units.ts";
import type { ResourceSource, XdsResource } from "#xds/resource.ts";
import { encodeItem, XDS_TYPE_OF } from "#xds/resources/encode.ts";
import type { ListenerDefaults } from "#xds/resources/listener.ts";
import { runtimeLayer } from "#xds/resources/runtime-layer.ts";
import { type Quarantine, Snapshot } from "#xds/snapshot.ts";
import { LingeringEndpoints } from "./lingering-endpoints.ts";
import { Suspects } from "./suspects.ts";

export interface ControlPlaneOptions {
  readonly translate: TranslateSettings;
  readonly listeners: ListenerDefaults;
  readonly archive: Archive;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /**
   * Told where a part of the translation threw: a defect of ours, which leaves that part as it was instead of ending all.
   * Without this it is thrown.
   */
  readonly onDefect?: (part: string, error: unknown) => void;
  /** For endpoints that stay until those that replace them are checked. Without this they go at once. */
  readonly setTimer?: SetTimer;
}

export interface ControlPlaneEvents {
  /** A run of translation ended. `millis` is its time. */
  translated?(run: {
    readonly delta: TranslationDelta;
    readonly millis: number;
    /** The objects whose change led to it. */
    readonly changed: readonly ObjectRef[];
  }): void;
  /** What is known about these objects changed: their form, verdicts or refusals. */
  judged?(refs: readonly ObjectRef[]): void;
  /** These names are wanted from now on, and no others: what DNS says of them goes to {@link ControlPlane.resolved}. */
  wanted?(names: ReadonlySet<string>): void;
  /** Envoy refused something; `ref` went back to its accepted form, or is undefined when only the resource did. */
  refused?(refusal: { readonly quarantine: Quarantine; readonly ref: ObjectRef | undefined }): void;
}

/**
 * Store → translation → snapshot, joined: what is put into the store is in the snapshot after the next turn of the event
 * loop, and what Envoy says of the snapshot comes back to the objects. No input or output of its own.
 */
export class ControlPlane {
  readonly store: Store;
  readonly translator: Translator;
  readonly snapshot = new Snapshot();
  readonly #options: ControlPlaneOptions;
  readonly #listeners = new Set<ControlPlaneEvents>();
  readonly #changed = new Map<RefKey, ObjectRef>();
  readonly #suspects = new Suspects();
  /** Of those who went back for what they asked of these: what is not made of these any more is no reason to doubt them. */
  #cleared: ObjectRef[] = [];
  readonly #lingering: LingeringEndpoints | undefined;
  readonly #names = new Map<string, ResolvedName>();
  readonly #gateways = new Map<string, GatewaySettings>();
  #scheduled: NodeJS.Immediate | undefined;
  #opened = false;

  constructor(options: ControlPlaneOptions) {
    this.#options = options;
    const { translate } = options;
    this.store = new Store({
      indexes: TRANSLATION_INDEXES,
      archive: options.archive,
      now: options.now,
      keep: { kind: "Secret", serves: holdsPair },
    });
    this.translator = new Translator({
      store: this.store,
      names: this.#names,
      gateways: this.#gateways,
      ...translationUnits(translate),
      onDefect: options.onDefect,
    });
    const { setTimer } = options;
    if (setTimer !== undefined)
      this.#lingering = new LingeringEndpoints(setTimer, (made) => this.snapshot.apply(this.#encode(made)));
    this.steer({});
    this.store.onChange((event) => this.#onStoreChange(event));
    this.snapshot.listen({
      accepted: (sources) => {
        for (const { ref, hash } of sources) this.store.accept(ref, hash);
      },
      acknowledged: () => this.#clearSuspects(),
      refused: (quarantine) => this.#onRefused(quarantine),
    });
  }

  listen(listener: ControlPlaneEvents): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The first sync is complete: translates what there is and lets Envoy have it. */
  open(): void {
    this.store.forgetUnseen();
    this.#opened = true;
    this.translateNow();
    this.snapshot.open();
  }

  /** Sets the values that Envoy looks up while it works (runtime keys). */
  steer(runtime: Readonly<Record<string, unknown>>): void {
    this.snapshot.apply([runtimeLayer(runtime)]);
  }

  /** What DNS says of a name that is wanted. */
  resolved(host: string, name: ResolvedName): void {
    if (isDeepStrictEqual(this.#names.get(host), name)) return;
    this.#names.set(host, name);
    this.translator.markName(host);
    this.#schedule();
  }

  /** What the upstreams of a backend are reached through; undefined: they are reached directly. */
  gateway(backend: string): GatewaySettings | undefined {
    return this.#gateways.get(backend);
  }

  /** What the upstreams of a backend are reached through from now on; undefined: they are reached directly. */
  setGateway(backend: string, gateway: GatewaySettings | undefined): void {
    if (isDeepStrictEqual(this.#gateways.get(backend), gateway)) return;
    if (gateway === undefined) this.#gateways.delete(backend);
    else this.#gateways.set(backend, gateway);
    this.translator.markGateway(backend);
    this.#schedule();
  }

  /** Translates what changed, without waiting for the next turn of the event loop. */
  translateNow(): void {
    if (this.#scheduled !== undefined) clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    const started = performance.now();
    // Before anything comes of them: a stream may answer at once that a form is refused, which is a change, too.
    const changed = [...this.#changed.values()];
    this.#changed.clear();
    const cleared = this.#cleared.splice(0);
    const delta = this.translator.run();
    this.snapshot.apply(
      (this.#lingering?.pass(delta) ?? delta.upserts).flatMap((made) => this.#encode(made)),
      delta.removals.map(({ type, name }) => ({ type: XDS_TYPE_OF[type], name })),
    );
    this.#refuseNewAskers(delta.built);
    this.#acceptUntouched([...changed, ...cleared]);
    this.#clearSuspects();
    if (this.#opened) this.#releaseKept();
    const millis = performance.now() - started;
    if (delta.topics.has(WANTED_NAMES)) this.#tellWanted();
    for (const listener of this.#listeners) {
      listener.translated?.({ delta, millis, changed });
      if (delta.judged.length > 0) listener.judged?.(delta.judged);
    }
  }

  /** A list without it when that is not possible. */
  #encode({ item, sources }: TranslatedItem): readonly XdsResource[] {
    const { listeners, onDefect } = this.#options;
    try {
      return [encodeItem(item, sources, listeners)];
    } catch (error) {
      if (onDefect === undefined) throw error;
      onDefect(`${item.type} ${item.name}`, error);
      return [];
    }
  }

  /** What is kept of Secrets ends with those that are served with it. Before all objects are there nobody knows who that is. */
  #releaseKept(): void {
    for (const ref of this.store.keptRefs()) if (!this.translator.needsKept(ref)) this.store.release(ref);
  }

  #onStoreChange(event: StoreEvent): void {
    this.translator.mark(event);
    for (const ref of event.changed) this.#changed.set(refKey(ref), ref);
    this.#schedule();
    for (const listener of this.#listeners) listener.judged?.([...event.changed, ...event.noted]);
  }

  #schedule(): void {
    this.#scheduled ??= setImmediate(() => this.translateNow());
  }

  #tellWanted(): void {
    const wanted = new Set(this.translator.facts(WANTED_NAMES));
    for (const host of this.#names.keys()) if (!wanted.has(host)) this.#names.delete(host);
    for (const listener of this.#listeners) listener.wanted?.(wanted);
  }

  /** A form from which nothing was made that Envoy has yet to answer is accepted as it is. */
  #acceptUntouched(translated: readonly ObjectRef[]): void {
    for (const ref of translated) {
      // Nothing has been made yet from a form that it has only since then.
      if (this.#changed.has(refKey(ref))) continue;
      const form = this.store.state(ref)?.inUse;
      if (form !== undefined && !this.snapshot.isPending(form)) this.store.accept(ref, form.hash);
    }
  }

  /** Once a refused resource is taken, or gone, without its suspects, those that were not the cause come back. */
  #clearSuspects(): void {
    const cleared = this.#suspects.clear((resource) => this.snapshot.isSettled(resource));
    if (cleared.length > 0) this.store.retry(cleared);
  }

  /**
   * What Envoy never took of an upstream as somebody asks for it is sooner his fault than its Service's, which others use as well: of
   * what is new, all who ask for it go back, since it is not sent again for the sake of one.
   */
  #onRefused(refused: Quarantine): void {
    const askers = this.translator.askers(refused.name);
    const quarantine = this.snapshot.blame(refused, askers);
    const { sources, servesEarlier } = refused;
    const problem = refusal(quarantine, askers);
    if (askers.length > 0 && !servesEarlier) {
      if (this.#sendBack(quarantine, askers, problem)) return;
      // One that has nothing to go back to would be taken from all others, too.
      const before = sources.filter(({ ref }) => this.store.state(ref)?.acceptedHash !== undefined);
      return this.#suspect(quarantine, this.store.refuseByEnvoy(before, problem));
    }
    this.#suspect(quarantine, this.store.refuseByEnvoy(sources, problem));
  }

  /** Those who ask from now on for what was refused go back, too. */
  #refuseNewAskers(built: readonly UnitId[]): void {
    for (const refused of this.snapshot.quarantined()) {
      const askers = this.translator.askers(refused.name, built);
      if (askers.length === 0) continue;
      const quarantine = this.snapshot.blame(refused, askers);
      if (!refused.servesEarlier) this.#sendBack(quarantine, askers, refusal(quarantine, askers));
    }
  }

  /** Of these forms each that Envoy had not accepted before. False: there is none. */
  #sendBack(quarantine: Quarantine, askers: readonly ResourceSource[], problem: Problem): boolean {
    const refs = askers.flatMap((asker) => this.store.refuseByEnvoy([asker], problem) ?? []);
    for (const ref of refs) this.#tellRefused(quarantine, ref);
    if (refs.length > 0) this.#cleared.push(...quarantine.sources.map(({ ref }) => ref));
    return refs.length > 0;
  }

  #suspect(quarantine: Quarantine, ref: ObjectRef | undefined): void {
    if (ref !== undefined) this.#suspects.add(quarantine, ref);
    this.#tellRefused(quarantine, ref);
  }

  #tellRefused(quarantine: Quarantine, ref: ObjectRef | undefined): void {
    for (const listener of this.#listeners) listener.refused?.({ quarantine, ref });
  }
}

function refusal({ type, name, message }: Quarantine, askers: readonly ResourceSource[]): Problem {
  return {
    severity: "error",
    path: "",
    message: `Envoy refused what this object makes (${type} ${name}${askedWords(askers)}): ${message}`,
    fix: "correct the object; its last accepted form stays in effect until then",
  };
}

function askedWords(askers: readonly ResourceSource[]): string {
  const [first, ...more] = askers;
  if (first === undefined) return "";
  const others = more.length === 0 ? " asks" : ` and ${more.length} more ask`;
  return `, as ${formatRef(first.ref)}${others} for it`;
}
