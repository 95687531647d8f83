import { isAlreadyExists, isConflict, isNotFound } from "#kubernetes/kube-error.ts";
import type { KubeObject, ResourceType } from "#kubernetes/resource-type.ts";
import { isEarlier } from "#kubernetes/resource-version.ts";
import { ENDPOINT_SLICES, NAMESPACES, SERVICES } from "#kubernetes/resource-types.ts";
import type { TermWriter } from "#kubernetes/term-writer.ts";
import type { Problem } from "#lib/problem.ts";
import { SERVICE_LABEL } from "#resources/discovered.ts";
import type { EndpointSlice } from "#resources/endpoint-slice.ts";
import { type ObjectRef, refKey } from "#resources/ref.ts";
import { refOf } from "#resources/resource.ts";
import type { Service } from "#resources/service.ts";
import { validate } from "#resources/validate.ts";
import { desiredObjects } from "../desired.ts";
import type { DiscoveredKey } from "../discovered.ts";
import { nameTaken } from "../placer.ts";
import type { Claim, Claims } from "./claims.ts";
import type { PlacedBackend } from "./cluster-placer.ts";
import type { HomeModel, HomeName, HomeObject } from "./home-model.ts";
import { saysTheSame } from "./same-object.ts";

export interface HomeWorkOptions {
  readonly model: HomeModel;
  readonly claims: Claims;
  readonly writer: TermWriter;
  readonly settingsOf: (backend: string) => PlacedBackend;
  /** Milliseconds since the epoch. */
  readonly staleSince: (backend: string) => number | undefined;
  /** Whether an object of a backend that nobody wants may go. */
  readonly isLeftOver: (backend: string, key: DiscoveredKey | undefined) => boolean;
  /** A write was taken. */
  readonly onWrite: () => void;
}

type Written = Service | EndpointSlice;

/** Brings all that belongs to one name of the home into order, with as few calls as it takes: none when it is. */
export class HomeWork {
  readonly #options: HomeWorkOptions;
  readonly #namespaces = new Map<string, Promise<void>>();

  constructor(options: HomeWorkOptions) {
    this.#options = options;
  }

  /** Rejects with the first thing that could not be written, after all the others. */
  async do(home: HomeName): Promise<void> {
    const { claims } = this.#options;
    const [holder] = claims.at(home);
    const wanted = holder === undefined ? [] : await this.#wanted(holder);
    if (wanted === undefined) return;
    const failures: unknown[] = [];
    const attempt = async (write: () => Promise<void>): Promise<void> => {
      try {
        await write();
      } catch (error) {
        failures.push(error);
      }
    };
    if (holder !== undefined) {
      const problems: Problem[] = [];
      // The Service is the first: endpoints without it would be nobody's.
      for (const object of wanted) {
        const taken = this.#taken(object, holder);
        if (taken !== undefined) problems.push(taken);
        else await attempt(() => this.#put(object));
        if (object.kind === "Service" && (taken !== undefined || failures.length > 0)) break;
      }
      if (failures.length === 0) holder.problems = problems;
    }
    // New endpoints are there before the old ones go, and the Service goes last.
    const keep = new Set(wanted.map((object) => refKey(refOf(object))));
    for (const object of this.#surplus(home, holder, keep)) await attempt(() => this.#delete(object));
    if (failures.length > 0) throw failures[0];
  }

  /** What should stand; undefined: nothing may be done just now, and the claim says why. */
  async #wanted(holder: Claim): Promise<readonly Written[] | undefined> {
    const { model, settingsOf, staleSince } = this.#options;
    const { namespace } = holder.upstream;
    const { takenOver, createNamespaces } = settingsOf(holder.backend);
    const state = model.namespace(namespace);
    if (state === "ending" || (state === "missing" && !createNamespaces)) {
      holder.problems = [noNamespace(namespace, state)];
      return undefined;
    }
    const since = staleSince(holder.backend);
    const desired = desiredObjects(holder.upstream, {
      backend: holder.backend,
      takenOver,
      ...(since === undefined ? {} : { staleSince: since }),
    });
    if ("problems" in desired) {
      holder.problems = desired.problems;
      return undefined;
    }
    if (state === "missing") await this.#createNamespace(namespace);
    // The last first: what moves to a later slice is there before it goes from where it was.
    return [desired.service, ...desired.slices.toReversed()];
  }

  /** Why an object is not ours to write. */
  #taken(object: Written, { backend, key }: Claim): Problem | undefined {
    const ref = refOf(object);
    const standing = this.#options.model.get(ref);
    if (standing === undefined) return undefined;
    if (standing.backend === undefined) return nameTaken(ref.kind, ref.namespace, ref.name, "somebody else's");
    if (standing.backend === backend ? this.#isSame(standing, object, key) : this.#isLeft(standing)) return undefined;
    const whose = `${standing.key ?? ref.name} of backend ${standing.backend}`;
    return nameTaken(ref.kind, ref.namespace, ref.name, whose);
  }

  #isSame(standing: HomeObject, wanted: Written, key: DiscoveredKey): boolean {
    if (standing.key === key) return true;
    // Without our annotation, Gimbal's labels tell: what it wrote is taken over.
    if (standing.key === undefined) {
      const labels = standing.object?.metadata.labels ?? {};
      const service = labels[SERVICE_LABEL];
      return service === undefined || service === wanted.metadata.labels[SERVICE_LABEL];
    }
    return this.#isLeft(standing);
  }

  /** Nobody wants it any more. */
  #isLeft({ backend, key, home }: HomeObject): boolean {
    const { claims, isLeftOver } = this.#options;
    if (backend === undefined || (key !== undefined && claims.homeOf(backend, key) === home)) return false;
    return isLeftOver(backend, key);
  }

  /** What stands there and should not, endpoints before their Service. */
  #surplus(home: HomeName, holder: Claim | undefined, keep: ReadonlySet<string>): readonly HomeObject[] {
    const surplus = this.#options.model.at(home).filter((object) => {
      if (object.isEnding || keep.has(refKey(object.ref))) return false;
      const isHolders = holder !== undefined && object.backend === holder.backend && object.key === holder.key;
      return isHolders || this.#isLeft(object);
    });
    return surplus.sort((a, b) => (a.ref.kind < b.ref.kind ? -1 : 1));
  }

  async #put(object: Written): Promise<void> {
    const { model } = this.#options;
    const ref = refOf(object);
    const standing = model.get(ref);
    // It comes back as soon as it is gone.
    if (standing?.isEnding === true || saysTheSame(standing?.object, object)) return;
    const type = typeOf(object);
    const body = bodyOf(object);
    // That a Service has an address of its own or none is for its whole life.
    if (standing !== undefined && hasOtherAddress(standing, object)) await this.#delete(standing);
    try {
      if (model.get(ref) === undefined || standing === undefined) {
        this.#wrote(object, await this.#options.writer.write((client, options) => client.create(type, body, options)));
        return;
      }
      const { resourceVersion, uid } = standing;
      const over: KubeObject = { ...body, metadata: { ...body.metadata, resourceVersion, uid } };
      this.#wrote(object, await this.#options.writer.write((client, options) => client.replace(type, over, options)));
    } catch (error) {
      if (isConflict(error) || isAlreadyExists(error)) await this.#look(ref, type, standing?.resourceVersion);
      else if (isNotFound(error) && standing !== undefined) model.gone(ref);
      throw error;
    }
  }

  async #delete({ ref, uid, resourceVersion }: HomeObject): Promise<void> {
    const { model, writer, onWrite } = this.#options;
    const type = typeOf(ref);
    try {
      await writer.write((client, options) => client.delete(type, ref, { ...options, uid, resourceVersion }));
      onWrite();
    } catch (error) {
      if (isConflict(error)) await this.#look(ref, type, resourceVersion);
      if (!isNotFound(error)) throw error;
    }
    model.gone(ref);
  }

  /**
   * What stands there is another state than what was seen: a newer one, or one of before, if the API server's data was restored.
   *
   * @param over the version over which could not be written
   */
  async #look(ref: ObjectRef, type: ResourceType, over = ""): Promise<void> {
    const found = await this.#options.writer.read((client, options) => client.get(type, ref, options));
    this.#see(ref, found, isEarlier(found, over));
  }

  #wrote(object: Written, written: KubeObject): void {
    this.#options.onWrite();
    this.#see(refOf(object), written, false);
  }

  #see(ref: ObjectRef, found: KubeObject, isNow: boolean): void {
    const read = validate(found, { unknownFields: "warn" });
    const valid = read.type === "accepted" ? read.object : undefined;
    const usable = valid?.kind === "Service" || valid?.kind === "EndpointSlice" ? valid : undefined;
    this.#options.model.see(ref, found, usable, isNow);
  }

  /** Once, however many services wait for it. */
  async #createNamespace(name: string): Promise<void> {
    const { writer, model, onWrite } = this.#options;
    let creation = this.#namespaces.get(name);
    if (creation === undefined) {
      creation = writer
        .write((client, options) => client.create(NAMESPACES, { metadata: { name } }, options))
        .then(
          (made) => {
            onWrite();
            model.seeNamespace(name, made);
          },
          (error: unknown) => {
            if (!isAlreadyExists(error)) throw error;
          },
        )
        .finally(() => this.#namespaces.delete(name));
      this.#namespaces.set(name, creation);
    }
    await creation;
  }
}

function hasOtherAddress({ object: standing }: HomeObject, wanted: Written): boolean {
  if (standing?.kind !== "Service" || wanted.kind !== "Service") return false;
  const [before, after] = [standing.spec, wanted.spec];
  if (before.type === "ExternalName" || after.type === "ExternalName") return false;
  return before.clusterIP !== after.clusterIP;
}

function typeOf({ kind }: Pick<ObjectRef, "kind">): ResourceType {
  return kind === "Service" ? SERVICES : ENDPOINT_SLICES;
}

function bodyOf({ metadata, ...rest }: Written): KubeObject {
  const { name, namespace, labels, annotations } = metadata;
  return { ...rest, metadata: { name, namespace, labels, annotations } };
}

function noNamespace(namespace: string, state: "ending" | "missing"): Problem {
  return {
    severity: "error",
    path: "metadata.namespace",
    message:
      state === "ending" ? `namespace ${namespace} is being deleted` : `there is no namespace ${namespace} in the home`,
    fix: "make the namespace, map the upstream one to another, or set createNamespaces for the backend",
  };
}
