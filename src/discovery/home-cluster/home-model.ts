import type { KubeObject } from "#kubernetes/resource-type.ts";
import { isEarlier } from "#kubernetes/resource-version.ts";
import { MultiMap } from "#lib/multi-map.ts";
import { BACKEND_LABEL, UPSTREAM_ANNOTATION } from "#resources/discovered.ts";
import { type EndpointSlice, SERVICE_NAME_LABEL } from "#resources/endpoint-slice.ts";
import { type ObjectRef, refKey, type RefKey } from "#resources/ref.ts";
import type { Service } from "#resources/service.ts";
import type { DiscoveredKey } from "../discovered.ts";
import { discoveredName } from "../names.ts";

/** A Service of the home by its name, `namespace/name`: what belongs to one discovered service is worked on together. */
export type HomeName = string & { readonly __homeName: never };

/** A Service or EndpointSlice as it stands in the home's API. */
export interface HomeObject {
  readonly ref: ObjectRef;
  readonly uid: string;
  readonly resourceVersion: string;
  /** Undefined when it cannot be read: somebody wrote into it what is not valid here. */
  readonly object: Service | EndpointSlice | undefined;
  /** By its label. Undefined: it was not discovered, and is nobody's business here. */
  readonly backend: string | undefined;
  /** Whose it is inside its backend; undefined where the annotation is gone. */
  readonly key: DiscoveredKey | undefined;
  /** Somebody asked for its end, and something keeps it. */
  readonly isEnding: boolean;
  readonly home: HomeName;
}

export type NamespaceState = "there" | "ending" | "missing";

/** What stands in the home cluster, of the kinds that discovery writes. No input or output of its own. */
export class HomeModel {
  readonly #objects = new Map<RefKey, HomeObject>();
  /** Discovered objects by what they belong to. */
  readonly #byHome = new MultiMap<HomeName, RefKey>();
  readonly #namespaces = new Map<string, NamespaceState>();

  get(ref: ObjectRef): HomeObject | undefined {
    return this.#objects.get(refKey(ref));
  }

  /** The discovered objects that belong to a Service of that name, sorted by reference. */
  at(home: HomeName): readonly HomeObject[] {
    return this.#byHome.get(home).map((key) => this.#objects.get(key)!);
  }

  discovered(): IterableIterator<HomeName> {
    return this.#byHome.keys();
  }

  /** By their labels, each once for every object. */
  *backends(): Generator<string> {
    for (const { backend } of this.#objects.values()) if (backend !== undefined) yield backend;
  }

  namespace(name: string): NamespaceState {
    return this.#namespaces.get(name) ?? "missing";
  }

  /** Returns whether that is another state than before. */
  seeNamespace(name: string, object: KubeObject | undefined): boolean {
    const before = this.namespace(name);
    if (object === undefined) this.#namespaces.delete(name);
    else this.#namespaces.set(name, object.metadata.deletionTimestamp === undefined ? "there" : "ending");
    return before !== this.namespace(name);
  }

  /**
   * An object as it stands now. Returns what it is of, if that is another state than the one that was known: before and now.
   *
   * @param valid the same as it is read here; undefined when it cannot be
   * @param isNow it was listed, or has proved to stand, just now: it counts, be its version earlier than the known one's. So
   *   it is after the API server's data was restored from a copy
   */
  see(
    ref: ObjectRef,
    object: KubeObject,
    valid: Service | EndpointSlice | undefined,
    isNow = false,
  ): readonly HomeName[] {
    const before = this.get(ref);
    const { resourceVersion = "", uid = "" } = object.metadata;
    if (before !== undefined && before.resourceVersion === resourceVersion && before.uid === uid) return [];
    if (!isNow && before !== undefined && before.uid === uid && isEarlier(object, before.resourceVersion)) return [];
    const after = homeObject(ref, object, valid);
    const gone = this.gone(ref);
    this.#objects.set(refKey(ref), after);
    if (after.backend !== undefined) this.#byHome.add(after.home, refKey(ref));
    return [...new Set([...gone, after.home])];
  }

  /** An object is there no more. Returns what it was of. */
  gone(ref: ObjectRef): readonly HomeName[] {
    const key = refKey(ref);
    const before = this.#objects.get(key);
    if (before === undefined) return [];
    this.#objects.delete(key);
    this.#byHome.delete(before.home, key);
    return [before.home];
  }
}

export function homeName(namespace: string, name: string): HomeName {
  return `${namespace}/${name}` as HomeName;
}

function homeObject(ref: ObjectRef, raw: KubeObject, object: Service | EndpointSlice | undefined): HomeObject {
  const { labels = {}, annotations = {}, uid = "", resourceVersion = "", deletionTimestamp } = raw.metadata;
  const backend = labels[BACKEND_LABEL];
  const upstream = annotations[UPSTREAM_ANNOTATION];
  const service = upstream?.slice(upstream.indexOf("/") + 1);
  // Its identity says where it belongs, so that a label that somebody changed does not move it.
  const name =
    backend !== undefined && service !== undefined
      ? discoveredName(backend, service)
      : ((ref.kind === "Service" ? undefined : labels[SERVICE_NAME_LABEL]) ?? ref.name);
  return {
    ref,
    uid,
    resourceVersion,
    object,
    backend,
    key: upstream as DiscoveredKey | undefined,
    isEnding: deletionTimestamp !== undefined,
    home: homeName(ref.namespace, name),
  };
}
