import type { KubeClient } from "#kubernetes/client.ts";
import { type Clock, systemClock } from "#kubernetes/clock.ts";
import { isAborted, isConflict, isNotFound, isUnavailable, reasonOfError } from "#kubernetes/kube-error.ts";
import type { Duty, Term } from "#kubernetes/leadership.ts";
import type { RateLimiter } from "#kubernetes/rate-limit.ts";
import type { KubeObject } from "#kubernetes/resource-type.ts";
import { isEarlier } from "#kubernetes/resource-version.ts";
import { TermWriter } from "#kubernetes/term-writer.ts";
import { type QueueState, WorkQueue } from "#kubernetes/work-queue.ts";
import { errorMessage } from "#lib/error-message.ts";
import type { Logger } from "#lib/log.ts";
import { formatRef, type Kind, type ObjectRef, parseRefKey, refKey, type RefKey } from "#resources/ref.ts";
import { EXTENSION_SERVICE_STATUS } from "./extension-service-status.ts";
import { HTTP_PROXY_STATUS } from "./http-proxy-status.ts";
import { INGRESS_ROUTE_STATUS } from "./ingress-route-status.ts";
import { INGRESS_STATUS } from "./ingress-status.ts";
import type { SeenStatus, StatusForm, WantedStatus } from "./status-form.ts";
import { StatusPatcher } from "./status-patcher.ts";

/** The kinds whose status is written. */
const FORMS: Partial<Readonly<Record<Kind, StatusForm>>> = {
  Ingress: INGRESS_STATUS,
  HTTPProxy: HTTP_PROXY_STATUS,
  ExtensionService: EXTENSION_SERVICE_STATUS,
  IngressRoute: INGRESS_ROUTE_STATUS,
};

/** What of a route says whose it is, also when the rest of it cannot be used. */
export interface RouteClaim {
  readonly annotations: Readonly<Record<string, string>>;
  readonly ingressClassName: string | undefined;
}

export interface StatusWriterOptions {
  readonly client: KubeClient;
  /** What all writes of this control plane share. */
  readonly limiter: RateLimiter;
  /** What is to be seen of a route by now; undefined while nothing is known of it. */
  readonly wanted: (ref: ObjectRef, claim: RouteClaim) => WantedStatus | "not ours" | undefined;
  readonly log: Logger;
  /** Told of each write: whether it was taken. */
  readonly onWrite?: (result: "ok" | "conflict" | "error") => void;
  readonly clock?: Clock;
}

interface Known {
  readonly resourceVersion: string;
  readonly seen: SeenStatus;
  readonly claim: RouteClaim;
}

const PARALLEL = 8;
/** What is found out about an object comes in several steps: its form, its verdicts, Envoy's answer. Milliseconds. */
const GATHER = 100;

/**
 * Writes the status of routes back to the API, while it leads: only what differs from what stands there, over the state that
 * was seen, again until it is so. Two that write at once want the same, so the second has nothing to do.
 */
export class StatusWriter implements Duty {
  readonly #options: StatusWriterOptions;
  readonly #known = new Map<RefKey, Known>();
  #queue: WorkQueue<RefKey> | undefined;
  #isOpen = false;
  readonly #failures = new Map<RefKey, string>();
  readonly #patcher: StatusPatcher;
  /** Kinds of whose status not all comes to stand; each is told once. */
  readonly #prunes = new Set<Kind>();

  constructor(options: StatusWriterOptions) {
    this.#options = options;
    this.#patcher = new StatusPatcher(options.log, options.clock);
  }

  /** Kinds whose status cannot be written here, as the API names them, sorted. */
  unwritable(): readonly string[] {
    return this.#patcher.unwritable();
  }

  /**
   * What the API says of an object; undefined: it is gone.
   *
   * @param isNow it was listed, or has proved to stand, just now: it counts, be its version earlier than the known one's. So
   *   it is after the API server's data was restored from a copy
   */
  observe(ref: ObjectRef, object: KubeObject | undefined, isNow = false): void {
    const form = FORMS[ref.kind];
    if (form === undefined) return;
    const key = refKey(ref);
    if (object === undefined) {
      this.#known.delete(key);
      this.#failures.delete(key);
      return;
    }
    if (this.#see(key, object, form, isNow)) this.#add(key);
  }

  /** Something became known about these objects. */
  judged(refs: Iterable<ObjectRef>): void {
    for (const ref of refs) {
      // Which routes are ours depends on the classes.
      if (ref.kind === "IngressClass") return this.judgedAll();
      if (FORMS[ref.kind] !== undefined) this.#add(refKey(ref));
    }
  }

  judgedAll(): void {
    for (const key of this.#known.keys()) this.#add(key);
  }

  /** From now on what is known is whole: before, an object's status would tell of what has not been read yet. */
  open(): void {
    this.#isOpen = true;
    this.judgedAll();
  }

  state(): QueueState {
    return this.#queue?.state() ?? { waiting: 0, oldest: undefined };
  }

  async lead(term: Term): Promise<void> {
    const { client, limiter, clock } = this.#options;
    const writer = new TermWriter(client, limiter, term);
    const queue = new WorkQueue<RefKey>({
      work: (key) => this.#write(key, writer),
      onFailure: (key, error) => this.#failed(key, error),
      parallel: PARALLEL,
      ...(clock === undefined ? {} : { clock }),
    });
    this.#queue = queue;
    this.#patcher.forget();
    if (this.#isOpen) this.judgedAll();
    await queue.run(term.signal);
    this.#queue = undefined;
  }

  #add(key: RefKey): void {
    if (this.#isOpen && this.#known.has(key)) this.#queue?.add(key, GATHER);
  }

  /** False: something later is known. */
  #see(key: RefKey, object: KubeObject, form: StatusForm, isNow = false): boolean {
    const known = this.#known.get(key);
    if (!isNow && known !== undefined && isEarlier(object, known.resourceVersion)) return false;
    const { resourceVersion = "", annotations = {} } = object.metadata;
    const spec = object["spec"] as { readonly ingressClassName?: unknown } | undefined;
    const named = spec?.ingressClassName;
    const claim = { annotations, ingressClassName: typeof named === "string" ? named : undefined };
    this.#known.set(key, { resourceVersion, seen: form.see(object), claim });
    return true;
  }

  async #write(key: RefKey, writer: TermWriter): Promise<void> {
    const known = this.#known.get(key);
    const ref = parseRefKey(key);
    const form = FORMS[ref.kind];
    const wanted = known && this.#options.wanted(ref, known.claim);
    if (known === undefined || form === undefined || wanted === undefined) return;
    const clock = this.#options.clock ?? systemClock;
    const asked = wanted === "not ours" ? undefined : wanted;
    const patch = known.seen.patch(asked, clock.now());
    if (patch === undefined) return;
    const { resourceVersion } = known;
    const body = { ...patch, metadata: { ...patch.metadata, resourceVersion } };
    const { type } = form;
    try {
      const patched = await this.#patcher.patch(writer, type, ref, body);
      if (patched === undefined) return;
      this.#options.onWrite?.("ok");
      this.#failures.delete(key);
      const { object, assumed } = patched;
      // An API server passes over in silence what its definition of what was written to has no place for.
      const isPruned = form.see(object).patch(asked, clock.now()) !== undefined;
      if (isPruned && !assumed) return this.#pruned(key, object, form);
      if (isPruned) this.#patcher.doubt(type);
      this.observe(ref, object);
    } catch (error) {
      if (isNotFound(error)) return this.observe(ref, undefined);
      if (isConflict(error)) {
        const found = await writer.read((client, options) => client.get(type, ref, options));
        this.observe(ref, found, isEarlier(found, resourceVersion));
      }
      throw error;
    }
  }

  /** The same again would end the same: it is written when there is news. */
  #pruned(key: RefKey, object: KubeObject, form: StatusForm): void {
    this.#see(key, object, form);
    const { kind } = parseRefKey(key);
    if (this.#prunes.has(kind)) return;
    this.#prunes.add(kind);
    const fix = "apply the definition that `binnacle crds --kind` prints";
    this.#options.log.warn("the cluster's definition of a kind has no place for all of the status", { kind, fix });
  }

  #failed(key: RefKey, error: unknown): void {
    if (isAborted(error)) return;
    this.#options.onWrite?.(isConflict(error) ? "conflict" : "error");
    // That the API is away is told by who follows it.
    if (isConflict(error) || isUnavailable(error)) return;
    // The same refusal again is no news.
    const reason = reasonOfError(error);
    if (this.#failures.get(key) === reason) return;
    this.#failures.set(key, reason);
    const object = formatRef(parseRefKey(key));
    this.#options.log.warn("a status cannot be written", { object, reason: errorMessage(error) });
  }
}
