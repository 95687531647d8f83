import { isMap } from "#lib/schema-rules.ts";
import { type ApiCall, ApiCalls, wordsOf } from "./api-calls.ts";
import type {
  CallOptions,
  DeleteOptions,
  KubeClient,
  KubeList,
  ListOptions,
  ObservedCall,
  Patch,
  WatchOptions,
} from "./client.ts";
import { type Clock, systemClock } from "./clock.ts";
import { type Connection, describeConnection, type Environment } from "./connection.ts";
import { CredentialReader } from "./credentials.ts";
import { Deadline } from "./deadline.ts";
import { isExpired, KubeError } from "./kube-error.ts";
import { type RateLimit, RateLimiter } from "./rate-limit.ts";
import {
  apiVersionOf,
  collectionPath,
  type KubeObject,
  type ObjectName,
  objectPath,
  resourceName,
  type ResourceType,
} from "./resource-type.ts";
import { Transport } from "./transport.ts";
import { parseWatch, type WatchEvent } from "./watch-events.ts";

export interface KubeClientOptions {
  readonly connection: Connection;
  /** `process.env`, handed down: credential plugins run with it, and inside a cluster it says where the API is. */
  readonly environment?: Environment;
  /** Nothing is limited on this side unless given. */
  readonly rateLimit?: RateLimit | undefined;
  /** Milliseconds for a call; 30 s unless given. */
  readonly timeout?: number;
  /** Milliseconds after which kubeconfig, token and certificate files are read again; 10 s unless given. */
  readonly rereadAfter?: number;
  readonly observe?: (call: ObservedCall) => void;
  readonly userAgent?: string;
  readonly clock?: Clock;
}

const PAGE = 500;
const TIMEOUT = 30_000;
const REREAD_AFTER = 10_000;
/** Below the five minutes after which many load balancers in front of API servers cut a quiet connection. */
const WATCH_SECONDS = 290;
/** What a watch may be late in ending, in milliseconds. */
const WATCH_GRACE = 10_000;

/**
 * A client over plain HTTPS. The generated client library was measured and left: its configuration module alone costs 80 MB
 * and 0.8 s, reads neither `tokenFile` nor impersonated groups, and lets a credential plugin or a silent server hang for ever.
 */
export function createKubeClient(options: KubeClientOptions): KubeClient {
  return new HttpKubeClient(options);
}

class HttpKubeClient implements KubeClient {
  readonly connection: string;
  readonly #clock: Clock;
  readonly #timeout: number;
  readonly #transport: Transport;
  readonly #calls: ApiCalls;

  constructor({ clock = systemClock, timeout = TIMEOUT, connection, ...options }: KubeClientOptions) {
    this.connection = describeConnection(connection);
    this.#clock = clock;
    this.#timeout = timeout;
    this.#transport = new Transport(options.userAgent ?? "binnacle");
    const { environment = {}, rereadAfter = REREAD_AFTER, observe = () => {} } = options;
    this.#calls = new ApiCalls({
      transport: this.#transport,
      credentials: new CredentialReader({ connection, environment, clock, rereadAfter, execTimeout: timeout }),
      limiter: new RateLimiter(options.rateLimit, clock),
      clock,
      observe,
    });
  }

  get(type: ResourceType, name: ObjectName, options: CallOptions): Promise<KubeObject> {
    return this.#object("get", "GET", type, objectPath(type, name), {}, options);
  }

  async list(type: ResourceType, options: ListOptions): Promise<KubeList> {
    const { limit = PAGE } = options;
    try {
      return await this.#pages(type, options, limit);
    } catch (error) {
      // The pages' common state is no longer kept: everything at once cannot grow old on the way.
      if (!isExpired(error) || limit === 0) throw error;
      return await this.#pages(type, options, 0);
    }
  }

  async *watch(type: ResourceType, options: WatchOptions): AsyncGenerator<WatchEvent> {
    const { timeoutSeconds = WATCH_SECONDS, resourceVersion, namespace, labelSelector, fieldSelector } = options;
    const silence = options.silence ?? timeoutSeconds * 1000 + WATCH_GRACE;
    const path = withQuery(collectionPath(type, namespace), {
      watch: "1",
      allowWatchBookmarks: "true",
      timeoutSeconds: String(timeoutSeconds),
      resourceVersion,
      labelSelector,
      fieldSelector,
    });
    const timeout = this.#timeout;
    const call: ApiCall = { verb: "watch", resource: resourceName(type), method: "GET", path, timeout };
    using deadline = new Deadline(options.signal, this.#clock, wordsOf(call));
    const { answer, request } = await this.#calls.open(call, deadline);
    const heard = (): void => deadline.within(silence, "nothing was heard");
    heard();
    options.onOpen?.();
    try {
      yield* parseWatch(answer, request, heard);
    } finally {
      answer.destroy();
    }
  }

  create(type: ResourceType, object: KubeObject, options: CallOptions): Promise<KubeObject> {
    const body = { apiVersion: apiVersionOf(type), kind: type.kind, ...object };
    return this.#object("create", "POST", type, collectionPath(type, object.metadata.namespace), { body }, options);
  }

  replace(type: ResourceType, object: KubeObject, options: CallOptions): Promise<KubeObject> {
    const { namespace, name = "" } = object.metadata;
    const body = { apiVersion: apiVersionOf(type), kind: type.kind, ...object };
    return this.#object("update", "PUT", type, objectPath(type, { namespace, name }), { body }, options);
  }

  patch(type: ResourceType, name: ObjectName, patch: Patch, options: CallOptions): Promise<KubeObject> {
    return this.#patch(type, objectPath(type, name), patch, options);
  }

  patchStatus(type: ResourceType, name: ObjectName, patch: Patch, options: CallOptions): Promise<KubeObject> {
    return this.#patch(type, `${objectPath(type, name)}/status`, patch, options);
  }

  async delete(type: ResourceType, name: ObjectName, options: DeleteOptions): Promise<void> {
    const { uid, resourceVersion } = options;
    const preconditions = {
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    };
    const body = { kind: "DeleteOptions", apiVersion: "v1", propagationPolicy: "Background", preconditions };
    const path = objectPath(type, name);
    await this.#json({ verb: "delete", resource: resourceName(type), method: "DELETE", path, body }, options);
  }

  read(path: string, options: CallOptions): Promise<unknown> {
    const [, first = ""] = path.split(/[/?]/);
    return this.#json({ verb: "get", resource: `/${first}`, method: "GET", path }, options);
  }

  [Symbol.dispose](): void {
    this.#transport[Symbol.dispose]();
  }

  async #pages(type: ResourceType, options: ListOptions, limit: number): Promise<KubeList> {
    const items: KubeObject[] = [];
    const { namespace, labelSelector, fieldSelector } = options;
    const [apiVersion, { kind }] = [apiVersionOf(type), type];
    for (let next: string | undefined; ;) {
      const path = withQuery(collectionPath(type, namespace), {
        limit: limit === 0 ? undefined : String(limit),
        continue: next,
        // The first page's state holds for all.
        resourceVersion: next === undefined ? options.resourceVersion : undefined,
        labelSelector,
        fieldSelector,
      });
      const page = await this.#json({ verb: "list", resource: resourceName(type), method: "GET", path }, options);
      const metadata = isMap(page) ? page["metadata"] : undefined;
      if (!isMap(page) || !isMap(metadata) || typeof metadata["resourceVersion"] !== "string") {
        throw new KubeError(`list ${resourceName(type)}: the answer is no list`, { code: 0, reason: "Malformed" });
      }
      // Go writes a nil slice as null.
      const found: unknown[] = Array.isArray(page["items"]) ? page["items"] : [];
      for (const item of found) items.push({ apiVersion, kind, ...asObject(item) });
      const { resourceVersion, continue: following } = metadata;
      if (typeof following !== "string" || following === "") return { resourceVersion, items };
      next = following;
    }
  }

  #patch(type: ResourceType, path: string, patch: Patch, options: CallOptions): Promise<KubeObject> {
    const query = patch.type === "apply" ? { fieldManager: patch.fieldManager, force: "true" } : {};
    const content = { body: patch.body, contentType: PATCH_TYPES[patch.type] };
    return this.#object("patch", "PATCH", type, withQuery(path, query), content, options);
  }

  async #object(
    verb: ApiCall["verb"],
    method: ApiCall["method"],
    type: ResourceType,
    path: string,
    content: Pick<ApiCall, "body" | "contentType">,
    options: CallOptions,
  ): Promise<KubeObject> {
    return asObject(await this.#json({ verb, resource: resourceName(type), method, path, ...content }, options));
  }

  async #json(untimed: Omit<ApiCall, "timeout">, options: CallOptions): Promise<unknown> {
    const call = { ...untimed, timeout: options.timeout ?? this.#timeout };
    using deadline = new Deadline(options.signal, this.#clock, wordsOf(call));
    return await this.#calls.json(call, deadline);
  }
}

const PATCH_TYPES: Readonly<Record<Patch["type"], string>> = {
  merge: "application/merge-patch+json",
  json: "application/json-patch+json",
  // JSON is YAML.
  apply: "application/apply-patch+yaml",
};

function withQuery(path: string, query: Readonly<Record<string, string | undefined>>): string {
  const entries = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return entries.length === 0 ? path : `${path}?${new URLSearchParams(entries).toString()}`;
}

function asObject(value: unknown): KubeObject {
  if (!isMap(value)) throw new KubeError("the answer is no object", { code: 0, reason: "Malformed" });
  return { ...value, metadata: isMap(value["metadata"]) ? value["metadata"] : {} };
}
