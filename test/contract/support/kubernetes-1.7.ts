import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { listeningPort } from "../../integration/support/free-port.ts";

type Kind = "services" | "endpoints";

/** An object as Kubernetes 1.7 sent it. */
export interface OldObject {
  readonly metadata: { readonly namespace: string; readonly name: string; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}

/**
 * The API of a Kubernetes 1.7 cluster (June 2017), as far as upstreams are concerned: a server of that age no longer runs here.
 * It has core/v1 and no discovery.k8s.io; parameters that came later (`limit` in 1.8, `allowWatchBookmarks` in 1.15) mean
 * nothing to it, as unknown parameters never did; what it does not have is answered by a text, not by a Status; a watch whose
 * version is too old is opened, says so in an event, and ends.
 */
export class Kubernetes17 implements AsyncDisposable {
  /** `GET /api/v1/services`, with `watch` behind it where it is one, in the order in which they came. */
  readonly asked: string[] = [];
  readonly #server: Server;
  readonly #objects: Record<Kind, Map<string, OldObject>> = { services: new Map(), endpoints: new Map() };
  readonly #watches = new Set<{ readonly kind: Kind; readonly response: ServerResponse }>();
  #version = 1000;
  /** Watches from before this version are too old. */
  #oldest = 0;

  private constructor(server: Server) {
    this.#server = server;
    server.on("request", (request: IncomingMessage, response: ServerResponse) => this.#answer(request, response));
  }

  static async start(): Promise<Kubernetes17> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new Kubernetes17(server);
  }

  get url(): string {
    return `http://127.0.0.1:${listeningPort(this.#server)}`;
  }

  put(kind: Kind, object: OldObject): void {
    const { namespace, name } = object.metadata;
    const key = `${namespace}/${name}`;
    const type = this.#objects[kind].has(key) ? "MODIFIED" : "ADDED";
    const selfLink = `/api/v1/namespaces/${namespace}/${kind}/${name}`;
    const stored = { ...object, metadata: { ...object.metadata, selfLink, resourceVersion: String(++this.#version) } };
    this.#objects[kind].set(key, stored);
    this.#tell(kind, type, stored);
  }

  delete(kind: Kind, namespace: string, name: string): void {
    const found = this.#objects[kind].get(`${namespace}/${name}`);
    if (found === undefined) return;
    this.#objects[kind].delete(`${namespace}/${name}`);
    this.#version++;
    this.#tell(kind, "DELETED", found);
  }

  /** Ends every watch, and has forgotten what happened until `act` is through: who comes back has to list anew. */
  compact(act: () => void): void {
    const watches = [...this.#watches];
    this.#watches.clear();
    for (const { response } of watches) response.end();
    act();
    this.#oldest = ++this.#version;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? "/", this.url);
    const isWatch = ["1", "true"].includes(url.searchParams.get("watch") ?? "");
    this.asked.push(`${request.method} ${url.pathname}${isWatch ? " watch" : ""}`);
    const kind = /^\/api\/v1\/(services|endpoints)$/.exec(url.pathname)?.[1] as Kind | undefined;
    if (kind === undefined || request.method !== "GET") {
      response.writeHead(404, { "content-type": "text/plain; charset=utf-8" }).end("404 page not found\n");
    } else if (isWatch) this.#watch(kind, url.searchParams.get("resourceVersion") ?? "0", response);
    else this.#list(kind, response);
  }

  #list(kind: Kind, response: ServerResponse): void {
    const items = [...this.#objects[kind].values()];
    const metadata = { selfLink: `/api/v1/${kind}`, resourceVersion: String(this.#version) };
    const body = { kind: kind === "services" ? "ServiceList" : "EndpointsList", apiVersion: "v1", metadata, items };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
  }

  #watch(kind: Kind, resourceVersion: string, response: ServerResponse): void {
    response.writeHead(200, { "content-type": "application/json" });
    response.flushHeaders();
    if (Number(resourceVersion) < this.#oldest) {
      const message = `too old resource version: ${resourceVersion} (${this.#oldest})`;
      const status = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, reason: "Gone" };
      response.end(`${JSON.stringify({ type: "ERROR", object: { ...status, code: 410 } })}\n`);
      return;
    }
    // What lies between the list and the watch comes first.
    for (const object of this.#objects[kind].values()) {
      if (Number(object.metadata["resourceVersion"]) > Number(resourceVersion))
        response.write(event(kind, "ADDED", object));
    }
    const watch = { kind, response };
    this.#watches.add(watch);
    response.on("close", () => this.#watches.delete(watch));
  }

  #tell(kind: Kind, type: string, object: OldObject): void {
    for (const watch of this.#watches) if (watch.kind === kind) watch.response.write(event(kind, type, object));
  }
}

/** In a list objects carry neither kind nor version, in an event they do. */
function event(kind: Kind, type: string, object: OldObject): string {
  const whole = { kind: kind === "services" ? "Service" : "Endpoints", apiVersion: "v1", ...object };
  return `${JSON.stringify({ type, object: whole })}\n`;
}

export function oldService(namespace: string, name: string): OldObject {
  return {
    metadata: {
      namespace,
      name,
      uid: `${namespace}-${name}`,
      creationTimestamp: "2017-08-30T12:00:00Z",
      annotations: { "kubectl.kubernetes.io/last-applied-configuration": "{}\n" },
    },
    spec: {
      ports: [{ name: "http", protocol: "TCP", port: 80, targetPort: 8080 }],
      selector: { app: name },
      clusterIP: "10.3.0.10",
      type: "ClusterIP",
      sessionAffinity: "None",
    },
    status: { loadBalancer: {} },
  };
}

export function oldEndpoints(
  namespace: string,
  name: string,
  ready: readonly string[],
  notReady: readonly string[] = [],
): OldObject {
  const addresses = (ips: readonly string[]) =>
    ips.map((ip) => ({
      ip,
      nodeName: "node-1",
      targetRef: { kind: "Pod", namespace, name: `${name}-${ip}`, uid: ip, resourceVersion: "7" },
    }));
  const subset = {
    ...(ready.length === 0 ? {} : { addresses: addresses(ready) }),
    ...(notReady.length === 0 ? {} : { notReadyAddresses: addresses(notReady) }),
    ports: [{ name: "http", port: 8080, protocol: "TCP" }],
  };
  const isEmpty = ready.length + notReady.length === 0;
  return {
    metadata: { namespace, name, uid: `endpoints-${namespace}-${name}`, creationTimestamp: "2017-08-30T12:00:00Z" },
    // A set without any address was null, not an empty list.
    subsets: isEmpty ? null : [subset],
  };
}
