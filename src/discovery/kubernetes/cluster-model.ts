import type { Problem } from "#lib/problem.ts";
import { apiVersionOf, type KubeObject, type ResourceType } from "#kubernetes/resource-type.ts";
import type { MirrorEvent } from "#kubernetes/mirror.ts";
import { type EndpointSlice, SERVICE_NAME_LABEL } from "#resources/endpoint-slice.ts";
import type { Endpoints } from "#resources/endpoints.ts";
import type { Resource } from "#resources/resource.ts";
import type { Service } from "#resources/service.ts";
import { validate } from "#resources/validate.ts";
import { type DiscoveredKey, discoveredKey, type DiscoveredService } from "../discovered.ts";
import { isIgnored, translateService } from "./translate.ts";

/** Services' endpoints: as slices, or on old servers as Endpoints objects. */
export type EndpointKind = "slices" | "endpoints";

export interface ClusterChange {
  readonly upserts: readonly DiscoveredService[];
  readonly removals: readonly DiscoveredKey[];
}

/**
 * What is known of one cluster's Services and their endpoints, and what of it has changed since it was asked last. An
 * object that cannot be read leaves its form before, and a problem.
 */
export class ClusterModel {
  readonly #endpointKind: EndpointKind;
  /** The team that a namespace belongs to here; undefined for one that is not followed. */
  readonly #teamOf: (namespace: string) => string | undefined;
  readonly #services = new Map<DiscoveredKey, Service>();
  /** By their Service, then by name. */
  readonly #slices = new Map<DiscoveredKey, Map<string, EndpointSlice>>();
  readonly #serviceOfSlice = new Map<string, DiscoveredKey>();
  readonly #endpoints = new Map<DiscoveredKey, Endpoints>();
  readonly #dirty = new Set<DiscoveredKey>();
  readonly #unreadable = new Map<string, readonly Problem[]>();
  readonly #problems = new Map<DiscoveredKey, readonly Problem[]>();

  constructor(endpointKind: EndpointKind, teamOf: (namespace: string) => string | undefined) {
    this.#endpointKind = endpointKind;
    this.#teamOf = teamOf;
  }

  /** Takes what a reflector of this type tells. */
  take(type: ResourceType, event: MirrorEvent): void {
    switch (event.type) {
      case "replaced":
        for (const name of event.deleted) this.#delete(type, name.namespace, name.name);
        for (const object of event.changed) this.#put(type, object);
        break;
      case "upsert":
        this.#put(type, event.object);
        break;
      case "delete":
        this.#delete(type, event.name.namespace, event.name.name);
        break;
    }
  }

  /** What changed since the last call, sorted by service. */
  takeChange(): ClusterChange {
    const upserts: DiscoveredService[] = [];
    const removals: DiscoveredKey[] = [];
    for (const key of [...this.#dirty].sort()) {
      const service = this.#discovered(key);
      if (service === undefined) removals.push(key);
      else upserts.push(service);
    }
    this.#dirty.clear();
    return { upserts, removals };
  }

  /** Everything, sorted by service. What changed is told with it. */
  all(): readonly DiscoveredService[] {
    this.#dirty.clear();
    return [...this.#services.keys()].sort().flatMap((key) => this.#discovered(key) ?? []);
  }

  /** What is wrong with single objects, sorted by them. */
  problems(): readonly Problem[] {
    const all = [...this.#unreadable, ...this.#problems];
    return all.sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, problems]) => problems);
  }

  #discovered(key: DiscoveredKey): DiscoveredService | undefined {
    const service = this.#services.get(key);
    const team = service && this.#teamOf(service.metadata.namespace);
    this.#problems.delete(key);
    if (service === undefined || team === undefined) return undefined;
    const backing =
      this.#endpointKind === "slices"
        ? { slices: [...(this.#slices.get(key)?.values() ?? [])] }
        : { endpoints: this.#endpoints.get(key) };
    const translated = translateService(service, backing, team);
    if (translated.problems.length > 0) this.#problems.set(key, translated.problems);
    return translated.service;
  }

  #put(type: ResourceType, raw: KubeObject): void {
    const { namespace = "", name = "" } = raw.metadata;
    if (this.#teamOf(namespace) === undefined) return;
    const id = `${type.kind} ${namespace}/${name}`;
    // Items of a list carry neither; fields of newer servers are none of our business.
    const document = { ...raw, apiVersion: apiVersionOf(type), kind: type.kind };
    const checked = validate(document, { unknownFields: "warn" });
    if (checked.type !== "accepted") {
      const problems = checked.type === "refused" ? checked.problems : [];
      this.#unreadable.set(
        id,
        problems.map((problem) => ({ ...problem, message: `${id}: ${problem.message}` })),
      );
      return;
    }
    this.#unreadable.delete(id);
    this.#remember(checked.object);
  }

  #remember(object: Resource): void {
    const { namespace, name } = object.metadata;
    const key = discoveredKey({ scope: namespace, service: name });
    if (object.kind === "Service") {
      if (isIgnored(object)) this.#services.delete(key);
      else this.#services.set(key, object);
      this.#dirty.add(key);
    } else if (object.kind === "Endpoints") {
      this.#endpoints.set(key, object);
      this.#touch(key);
    } else if (object.kind === "EndpointSlice") {
      const service = object.metadata.labels[SERVICE_NAME_LABEL];
      this.#forgetSlice(namespace, name);
      if (service === undefined) return;
      const owner = discoveredKey({ scope: namespace, service });
      const slices = this.#slices.get(owner) ?? new Map<string, EndpointSlice>();
      this.#slices.set(owner, slices.set(name, object));
      this.#serviceOfSlice.set(`${namespace}/${name}`, owner);
      this.#touch(owner);
    }
  }

  #delete(type: ResourceType, namespace: string, name: string): void {
    this.#unreadable.delete(`${type.kind} ${namespace}/${name}`);
    const key = discoveredKey({ scope: namespace, service: name });
    if (type.kind === "EndpointSlice") this.#forgetSlice(namespace, name);
    else if (type.kind === "Endpoints") {
      this.#endpoints.delete(key);
      this.#touch(key);
    } else if (this.#services.delete(key)) this.#dirty.add(key);
  }

  #forgetSlice(namespace: string, name: string): void {
    const owner = this.#serviceOfSlice.get(`${namespace}/${name}`);
    if (owner === undefined) return;
    this.#serviceOfSlice.delete(`${namespace}/${name}`);
    const slices = this.#slices.get(owner);
    slices?.delete(name);
    if (slices?.size === 0) this.#slices.delete(owner);
    this.#touch(owner);
  }

  /** Endpoints of what is no Service of ours change nothing. */
  #touch(key: DiscoveredKey): void {
    if (this.#services.has(key)) this.#dirty.add(key);
  }
}
