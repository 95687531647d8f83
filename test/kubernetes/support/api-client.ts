import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { Agent, request } from "node:https";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";

/** What every object of Kubernetes has. The tests name a kind's own type with `import type … from "@kubernetes/client-node"`. */
export interface KubernetesObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: {
    readonly name?: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly deletionTimestamp?: string | Date;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

/** An object to be applied: with whatever fields its kind has. */
export type Manifest = KubernetesObject & { readonly [field: string]: unknown };

/** An answer that is no 2xx: Kubernetes' Status, as far as there was one. */
export class ApiError extends Error {
  readonly code: number;
  /** `Forbidden`, `Conflict`, `AlreadyExists` …; empty without a Status. */
  readonly reason: string;

  constructor(what: string, code: number, body: string) {
    const status = parsed(body) as { message?: string; reason?: string } | undefined;
    super(`${what}: ${code} ${status?.message ?? body}`);
    this.name = "ApiError";
    this.code = code;
    this.reason = status?.reason ?? "";
  }
}

export interface WatchEvent<T> {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  readonly object: T;
}

export interface ApiClientOptions {
  readonly url: string;
  /** PEM. */
  readonly authority: string;
  readonly token?: string;
}

type PatchType = "apply" | "json" | "merge" | "strategic-merge";

const PATCH_TYPES: Readonly<Record<PatchType, string>> = {
  apply: "application/apply-patch+yaml",
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  "strategic-merge": "application/strategic-merge-patch+json",
};

/**
 * A client of Kubernetes' API for the tests: paths and JSON, as kubectl's `--raw` has them. It has nothing of the code under
 * test, so that the tests see the API with eyes of their own. Every call throws {@link ApiError} for an answer that is no 2xx.
 */
export class ApiClient implements Disposable {
  readonly #options: ApiClientOptions;
  readonly #agent: Agent;
  /** apiVersion → kind → where it is. */
  readonly #kinds = new Map<string, Promise<ReadonlyMap<string, { plural: string; namespaced: boolean }>>>();

  constructor(options: ApiClientOptions) {
    this.#options = options;
    this.#agent = new Agent({ keepAlive: true, maxSockets: 32, ca: options.authority });
  }

  get<T = KubernetesObject>(path: string): Promise<T> {
    return this.#call("GET", path) as Promise<T>;
  }

  /** `path` is that of the collection, or of a subresource as `…/pods/NAME/binding`. */
  create<T = KubernetesObject>(path: string, object: unknown): Promise<T> {
    return this.#call("POST", path, object) as Promise<T>;
  }

  replace<T = KubernetesObject>(path: string, object: unknown): Promise<T> {
    return this.#call("PUT", path, object) as Promise<T>;
  }

  patch<T = KubernetesObject>(path: string, patch: unknown, type: PatchType = "merge"): Promise<T> {
    return this.#call("PATCH", path, patch, PATCH_TYPES[type]) as Promise<T>;
  }

  delete(path: string, options: unknown = {}): Promise<unknown> {
    return this.#call("DELETE", path, options);
  }

  /** As `kubectl apply --server-side --force-conflicts`: one object after the other, in the given order. */
  async apply(...objects: readonly Manifest[]): Promise<void> {
    for (const object of objects) {
      const path = await this.pathOf(object);
      await this.patch(`${path}?fieldManager=test&force=true`, object, "apply");
    }
  }

  /** Where an object is. The namespace is `default` if the object of a namespaced kind has none. */
  async pathOf({ apiVersion = "v1", kind = "", metadata }: KubernetesObject): Promise<string> {
    const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const found = (await this.#kindsOf(apiVersion, root)).get(kind);
    if (found === undefined) throw new Error(`this API server has no kind ${kind} in ${apiVersion}`);
    const home = found.namespaced ? `/namespaces/${metadata?.namespace ?? "default"}` : "";
    return `${root}${home}/${found.plural}/${metadata?.name ?? ""}`;
  }

  /**
   * The events of a collection from `resourceVersion` on, until the server or `signal` ends the watch. An ERROR event is
   * yielded as it comes: it is the last one.
   */
  async *watch<T = KubernetesObject>(
    path: string,
    resourceVersion: string,
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent<T>> {
    const mark = path.includes("?") ? "&" : "?";
    const query = `watch=1&allowWatchBookmarks=true&resourceVersion=${resourceVersion}`;
    const response = await this.#send("GET", `${path}${mark}${query}`, { signal });
    if (response.statusCode !== 200)
      throw new ApiError(`watch ${path}`, response.statusCode ?? 0, await text(response));
    for await (const line of createInterface(response)) yield JSON.parse(line) as WatchEvent<T>;
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }

  #kindsOf(apiVersion: string, root: string) {
    const known = this.#kinds.get(apiVersion);
    if (known !== undefined) return known;
    const asked = this.get<{ resources: { name: string; kind: string; namespaced: boolean }[] }>(root).then(
      ({ resources }) =>
        new Map(
          resources
            .filter(({ name }) => !name.includes("/"))
            .map(({ name, kind, namespaced }) => [kind, { plural: name, namespaced }]),
        ),
    );
    this.#kinds.set(apiVersion, asked);
    // A CRD may come later, and a server that is away may be back.
    void asked
      .then(
        (kinds) => kinds,
        () => undefined,
      )
      .finally(() => this.#kinds.delete(apiVersion));
    return asked;
  }

  async #call(method: string, path: string, body?: unknown, contentType = "application/json"): Promise<unknown> {
    const sent = body === undefined ? {} : { body: JSON.stringify(body), contentType };
    const response = await this.#send(method, path, sent);
    const answer = await text(response);
    const code = response.statusCode ?? 0;
    if (code < 200 || code > 299) throw new ApiError(`${method} ${path}`, code, answer);
    return parsed(answer) ?? answer;
  }

  async #send(
    method: string,
    path: string,
    { body, contentType, signal }: { body?: string; contentType?: string; signal?: AbortSignal } = {},
  ): Promise<IncomingMessage> {
    const headers = {
      accept: "application/json",
      ...(contentType === undefined ? {} : { "content-type": contentType }),
      // Node sends the body of a DELETE without a length of its own accord, and the server takes it for the next request.
      ...(body === undefined ? {} : { "content-length": Buffer.byteLength(body) }),
      ...(this.#options.token === undefined ? {} : { authorization: `Bearer ${this.#options.token}` }),
    };
    const sent = request(new URL(path, this.#options.url), {
      method,
      headers,
      agent: this.#agent,
      ...(signal === undefined ? {} : { signal }),
    });
    sent.end(body);
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    return response;
  }
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
