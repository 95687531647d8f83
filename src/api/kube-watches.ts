import type { Response } from "express";
import type { AnswerForm } from "#kube-api/accept.ts";
import { apiVersionOf, kubeResource } from "#kube-api/kube-resource.ts";
import type { KubeQuery } from "#kube-api/kube-query.ts";
import { KubeFailure } from "#kube-api/kube-status.ts";
import type { ServedObject } from "#kube-api/served-object.ts";
import { kubeTable, partialMetadata } from "#kube-api/table.ts";
import type { WatchEvent } from "#kube-api/watch-event.ts";
import { wireObject } from "#kube-api/wire-object.ts";
import type { Kind } from "#resources/ref.ts";
import type { KubeView } from "./ports/kube.ts";
import { WatchEvents } from "./watch-events.ts";

export interface KubeWatch {
  readonly kind: Kind;
  readonly form: AnswerForm;
  readonly query: KubeQuery;
  /** Asked for, and allowed to the caller. */
  readonly isShown: (served: ServedObject) => boolean;
  /** The user who asked; undefined: the operator, who is many people. */
  readonly owner: string | undefined;
  /** Whether whoever asked may still see what they saw. */
  readonly mayStay: () => Promise<boolean>;
}

/** Watches at a time: kubectl keeps one, a program one for each kind. */
const MOST_WATCHES = 256;
/** Of one user, so that there are some left for others. */
const MOST_OF_ONE = 64;
/** Bytes that wait in a connection until it is given no more: meanwhile nothing is kept for it but where it stands. */
const BUDGET = 1_000_000;
/** Milliseconds between bookmarks. */
const BOOKMARK_EVERY = 60_000;
/** Milliseconds after which a watch ends and its client comes back. */
const LONGEST = 3_600_000;
/** Milliseconds between looks at who may still see what they saw. */
const RECHECK_EVERY = 15_000;

/** The watches that are open: each is a connection that is told what changes, a JSON document a line. */
export class KubeWatches implements Disposable {
  readonly #kube: KubeView;
  readonly #now: () => number;
  /** By what ends each. */
  readonly #open = new Map<() => void, Pick<KubeWatch, "owner" | "mayStay">>();
  readonly #rechecks: NodeJS.Timeout;

  /** `now`: milliseconds since the epoch, for ages. */
  constructor(kube: KubeView, now: () => number) {
    this.#kube = kube;
    this.#now = now;
    this.#rechecks = setInterval(() => this.recheck(), RECHECK_EVERY).unref();
  }

  /**
   * Answers with the events from the version that the query names; without one, or with 0, first with all there is.
   * Throws KubeFailure ServiceUnavailable when too many are open. A version that is not known any more is told in the
   * stream, as API servers do it: ERROR with Expired, and the client lists anew.
   */
  begin(response: Response, watch: KubeWatch): void {
    if (this.#open.size >= MOST_WATCHES) {
      throw new KubeFailure("ServiceUnavailable", `${MOST_WATCHES} watches are open; end one, or try again later`);
    }
    const { query, owner } = watch;
    const own = [...this.#open.values()].filter((other) => owner !== undefined && other.owner === owner);
    if (own.length >= MOST_OF_ONE) {
      throw new KubeFailure("ServiceUnavailable", `you have ${own.length} watches open; end one`);
    }
    response.setHeader("Content-Type", "application/json");
    response.flushHeaders();
    const events = new WatchEvents(this.#kube, watch);
    let ended = false;
    const isFull = (): boolean => ended || response.writableLength > BUDGET;
    const send = (event: WatchEvent): void => void response.write(`${JSON.stringify(this.#body(event, watch))}\n`);

    const end = (): void => {
      if (ended) return;
      ended = true;
      this.#open.delete(end);
      stopListening();
      clearTimeout(timer);
      clearInterval(bookmarks);
      response.end();
    };
    const look = (): void => {
      if (isFull()) return;
      events.take((event) => {
        send(event);
        if (event.type === "ERROR") end();
        return !isFull();
      });
    };
    const bookmark = (): void => {
      const event = isFull() ? undefined : events.bookmark();
      if (event !== undefined) send(event);
    };
    const stopListening = this.#kube.onChange(look);
    const timer = setTimeout(end, Math.min(query.timeout ?? LONGEST, LONGEST)).unref();
    const bookmarks = setInterval(bookmark, BOOKMARK_EVERY).unref();
    this.#open.set(end, watch);
    response.on("drain", look).once("close", end);
    look();
  }

  /** Looks at once whether everybody may still see what they are shown; who may not, or cannot be asked, is let go. */
  recheck(): void {
    for (const [end, { mayStay }] of this.#open) {
      mayStay().then(
        (stays) => stays || end(),
        () => end(),
      );
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#rechecks);
    for (const end of this.#open.keys()) end();
  }

  #body(event: WatchEvent, { kind, form, query }: KubeWatch): object {
    switch (event.type) {
      case "ERROR":
        return { type: event.type, object: event.status };
      case "BOOKMARK": {
        const annotations = event.initialEventsEnd ? { annotations: { "k8s.io/initial-events-end": "true" } } : {};
        const metadata = { resourceVersion: String(event.version), creationTimestamp: null, ...annotations };
        return { type: event.type, object: { ...emptyOf(form, kind), metadata } };
      }
      case "ADDED":
      case "MODIFIED":
      case "DELETED": {
        const { object } = event;
        if (form.form === "metadata") return { type: event.type, object: partialMetadata(object, form.version) };
        if (form.form !== "table") return { type: event.type, object: wireObject(object) };
        const metadata = { resourceVersion: String(object.version) };
        const options = { kind, version: form.version, includeObject: query.includeObject, now: this.#now() };
        return { type: event.type, object: kubeTable([object], metadata, options) };
      }
    }
  }
}

/** What a bookmark holds: an object as the watch has them, of which its version alone is meant. */
function emptyOf(form: AnswerForm, kind: Kind): object {
  switch (form.form) {
    case "table":
      return { kind: "Table", apiVersion: `meta.k8s.io/${form.version}`, columnDefinitions: [], rows: [] };
    case "metadata":
      return { kind: "PartialObjectMetadata", apiVersion: `meta.k8s.io/${form.version}` };
    case "json":
    case "aggregated":
      return { kind, apiVersion: apiVersionOf(kubeResource(kind)) };
  }
}
