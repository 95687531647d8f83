import { type Clock, systemClock } from "#kubernetes/clock.ts";
import { isNotFound, reasonOfError } from "#kubernetes/kube-error.ts";
import type { KubeObject, ObjectName, ResourceType } from "#kubernetes/resource-type.ts";
import { resourceName } from "#kubernetes/resource-type.ts";
import type { TermWriter } from "#kubernetes/term-writer.ts";
import { compareText } from "#lib/compare.ts";
import type { Logger } from "#lib/log.ts";
import type { StatusPatch } from "./status-form.ts";

/** Definitions of before, such as Contour's of IngressRoute, have no sub-resource for the status: it is a field like others there. */
type Way =
  | { readonly in: "object" }
  /** We may not write objects; until then (monotonic milliseconds) that is taken for granted. */
  | { readonly in: "nothing"; readonly until: number };

export interface Patched {
  /** As it stands now. */
  readonly object: KubeObject;
  /** It was taken for granted, from an earlier write, that the kind has no sub-resource. */
  readonly assumed: boolean;
}

/** Milliseconds after which it is tried again what was forbidden. */
const TRIED_AGAIN = 300_000;

/** Writes status where the definition of its kind has a place for it. */
export class StatusPatcher {
  readonly #log: Logger;
  readonly #clock: Clock;
  /** By the kinds' names; those that have the sub-resource are not here. */
  readonly #ways = new Map<string, Way>();

  constructor(log: Logger, clock: Clock = systemClock) {
    this.#log = log;
    this.#clock = clock;
  }

  /** Kinds whose status cannot be written, for people, sorted. */
  unwritable(): readonly string[] {
    return [...this.#ways]
      .filter(([, way]) => way.in === "nothing")
      .map(([name]) => name)
      .sort(compareText);
  }

  /** Everything is tried again. */
  forget(): void {
    this.#ways.clear();
  }

  /**
   * The object with its new status; undefined where none can be written. Throws what the API says: `NotFound` only where the object
   * is gone.
   */
  async patch(
    writer: TermWriter,
    type: ResourceType,
    name: ObjectName,
    body: StatusPatch,
  ): Promise<Patched | undefined> {
    const kind = resourceName(type);
    const way = this.#ways.get(kind);
    if (way?.in === "nothing" && this.#clock.monotonic() < way.until) return undefined;
    if (way?.in !== "object") {
      try {
        const written = await writer.write((client, options) =>
          client.patchStatus(type, name, { type: "merge", body }, options),
        );
        this.#ways.delete(kind);
        return { object: written, assumed: false };
      } catch (error) {
        if (!isNotFound(error)) throw error;
        await writer.read((client, options) => client.get(type, name, options));
      }
    }
    const written = await this.#patchObject(writer, type, name, body);
    return written && { object: written, assumed: way?.in === "object" };
  }

  /** What was written on an assumption did not come to stand: the kind may have the sub-resource by now. */
  doubt(type: ResourceType): void {
    this.#ways.delete(resourceName(type));
  }

  async #patchObject(
    writer: TermWriter,
    type: ResourceType,
    name: ObjectName,
    body: StatusPatch,
  ): Promise<KubeObject | undefined> {
    const kind = resourceName(type);
    try {
      const written = await writer.write((client, options) =>
        client.patch(type, name, { type: "merge", body }, options),
      );
      this.#ways.set(kind, { in: "object" });
      return written;
    } catch (error) {
      if (reasonOfError(error) !== "Forbidden") throw error;
      if (this.#ways.get(kind)?.in !== "nothing")
        this.#log.warn("a kind has no status sub-resource, and we may not write its objects", { kind });
      this.#ways.set(kind, { in: "nothing", until: this.#clock.monotonic() + TRIED_AGAIN });
      return undefined;
    }
  }
}
