import type { KubeClient, Selection } from "#kubernetes/client.ts";
import { DefinitionWatch } from "#kubernetes/definition-watch.ts";
import type { MirrorEvent } from "#kubernetes/mirror.ts";
import { Reflector, type ReflectorState, type ReflectorTimes } from "#kubernetes/reflector.ts";
import type { KubeObject } from "#kubernetes/resource-type.ts";
import type { Logger } from "#lib/log.ts";
import { unreachable } from "#lib/unreachable.ts";
import { type Kind, type ObjectRef, refKey, type RefKey } from "#resources/ref.ts";
import { CUSTOM_KINDS, RESOURCE_TYPES } from "./followed-types.ts";
import { refOfObject } from "./read-object.ts";

export interface FollowerOptions {
  readonly client: KubeClient;
  readonly kind: Kind;
  readonly selection?: Selection;
  readonly log: Logger;
  readonly times?: Partial<ReflectorTimes> | undefined;
  /** An object as it stands now, told by an event or by a list; without one it is gone. */
  readonly onObject: (ref: ObjectRef, object: KubeObject | undefined, isListed: boolean) => void;
  readonly onState: () => void;
}

/** How often it is looked whether a server has one of Kubernetes' own kinds by now: it is another server then. Milliseconds. */
const UPGRADED = 300_000;

/** Follows one kind, or a part of it, until it is stopped. */
export class Follower {
  readonly kind: Kind;
  readonly #onObject: FollowerOptions["onObject"];
  readonly #reflector: Reflector;
  readonly #stop = new AbortController();
  readonly #known = new Map<RefKey, ObjectRef>();
  readonly #run: Promise<void>;

  constructor({ client, kind, selection, log, times, onObject, onState }: FollowerOptions) {
    this.kind = kind;
    this.#onObject = onObject;
    const type = RESOURCE_TYPES[kind];
    const definition = CUSTOM_KINDS.has(kind) ? new DefinitionWatch({ client, type }) : undefined;
    this.#reflector = new Reflector({
      client,
      type,
      log,
      onEvent: (event) => this.#take(event),
      onState,
      ...(selection === undefined ? {} : { selection }),
      ...(definition === undefined ? {} : { comes: (signal) => definition.written(signal) }),
      times: { ...(definition === undefined ? { absent: UPGRADED } : {}), ...times },
    });
    this.#run = this.#reflector.run(this.#stop.signal);
  }

  state(): ReflectorState {
    return this.#reflector.state();
  }

  /** It has told everything there was, once at least. */
  get hasListed(): boolean {
    const { state } = this.state();
    return state !== "idle" && state !== "syncing";
  }

  /** Nothing of it is of use any more: what it told is gone. */
  async drop(): Promise<void> {
    await this.stop();
    for (const ref of this.#known.values()) this.#onObject(ref, undefined, false);
    this.#known.clear();
  }

  /** What it told stands. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#run;
  }

  #take(event: MirrorEvent): void {
    switch (event.type) {
      case "replaced":
        for (const name of event.deleted) this.#gone({ kind: this.kind, ...name });
        for (const object of event.changed) this.#stands(object, true);
        break;
      case "upsert":
        this.#stands(event.object, false);
        break;
      case "delete":
        this.#gone({ kind: this.kind, ...event.name });
        break;
      default:
        unreachable(event);
    }
  }

  #stands(object: KubeObject, isListed: boolean): void {
    const ref = refOfObject(this.kind, object);
    this.#known.set(refKey(ref), ref);
    this.#onObject(ref, object, isListed);
  }

  #gone(ref: ObjectRef): void {
    this.#known.delete(refKey(ref));
    this.#onObject(ref, undefined, false);
  }
}
