import assert from "node:assert/strict";
import { Gateway, type GatewayOptions } from "./gateway.ts";
import type { HttpOptions } from "./http-get.ts";
import { service } from "./manifests.ts";
import { Upstream, type UpstreamRequest } from "./upstream.ts";

/** One request and what has to come of it: at the client, and at the upstream that gets it. */
export interface RoutingCase {
  readonly what: string;
  readonly host: string;
  readonly path: string;
  readonly options?: HttpOptions;
  /** Over TLS, with the host as server name. */
  readonly tls?: true;
  readonly status?: number;
  /** The name of the upstream that answers; without one, nobody gets the request. */
  readonly from?: string;
  readonly body?: string;
  /** Headers of the answer; `undefined` for one that must not be there. */
  readonly answered?: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** What the upstream sees: method and path, and headers as in `answered`. */
  readonly seen?: Partial<Pick<UpstreamRequest, "method" | "path" | "body">> & {
    readonly headers?: Readonly<Record<string, string | undefined>>;
  };
}

/** An HTTPProxy of namespace `team` unless told otherwise. */
export function proxy(name: string, spec: object, namespace = "team"): string {
  return JSON.stringify({ apiVersion: "projectcontour.io/v1", kind: "HTTPProxy", metadata: { name, namespace }, spec });
}

/** An ExtensionService of namespace `auth`, unless told otherwise for the Service of its name. */
export function extension(
  name: string,
  protocol: string,
  services: readonly { readonly name: string; readonly weight?: number }[] = [{ name }],
  more: object = {},
): string {
  const spec = { ...more, protocol, services: services.map((service) => ({ ...service, port: 80 })) };
  const metadata = { name, namespace: "auth" };
  return JSON.stringify({ apiVersion: "projectcontour.io/v1alpha1", kind: "ExtensionService", metadata, spec });
}

/** The part of a route that sends to these Services. */
export const to = (...names: readonly string[]): object => ({ services: names.map((name) => ({ name, port: 80 })) });

/** A route for a prefix. */
export const at = (prefix: string, rest: object): object => ({ conditions: [{ prefix }], ...rest });

/** A gateway with upstreams that answer with their names, each a Service in the namespaces `team` and `other`. */
export class RoutingBed implements AsyncDisposable {
  readonly gateway: Gateway;
  readonly #upstreams: ReadonlyMap<string, Upstream>;
  readonly #stack: AsyncDisposableStack;

  private constructor(gateway: Gateway, upstreams: ReadonlyMap<string, Upstream>, stack: AsyncDisposableStack) {
    this.gateway = gateway;
    this.#upstreams = upstreams;
    this.#stack = stack;
  }

  static async start(names: readonly string[], options: GatewayOptions = {}): Promise<RoutingBed> {
    await using stack = new AsyncDisposableStack();
    const gateway = stack.use(await Gateway.start(options));
    const upstreams = new Map<string, Upstream>();
    for (const name of names) {
      const respond = () => ({ body: name, headers: { "x-upstream": name } });
      const upstream = stack.use(await Upstream.start({ respond }));
      upstreams.set(name, upstream);
      for (const namespace of ["team", "other"]) gateway.apply(service(namespace, name, [upstream]));
    }
    return new RoutingBed(gateway, upstreams, stack.move());
  }

  upstream(name: string): Upstream {
    const found = this.#upstreams.get(name);
    if (found === undefined) throw new Error(`there is no upstream ${name}`);
    return found;
  }

  /** Sends the request of a case and compares. */
  async check(wanted: RoutingCase): Promise<void> {
    const before = new Map([...this.#upstreams].map(([name, { requests }]) => [name, requests.length]));
    const answer = await (wanted.tls === true
      ? this.gateway.getTls(wanted.host, wanted.path, {}, wanted.options)
      : this.gateway.get(wanted.host, wanted.path, wanted.options));
    const reached = [...this.#upstreams].flatMap(([name, { requests }]) =>
      requests.slice(before.get(name)).map((request) => ({ name, request })),
    );
    assert.equal(answer.status, wanted.status ?? 200, answer.body);
    const names = reached.map(({ name }) => name);
    assert.deepEqual(names, wanted.from === undefined ? [] : [wanted.from], "who got the request");
    if (wanted.body !== undefined) assert.equal(answer.body, wanted.body);
    for (const [name, value] of Object.entries(wanted.answered ?? {}))
      assert.deepEqual(answer.headers[name], value, `${name} of the answer`);
    const [first] = reached;
    const { headers = {}, ...seen } = wanted.seen ?? {};
    for (const [key, value] of Object.entries(seen))
      assert.equal(first?.request[key as keyof typeof seen], value, `${key} at the upstream`);
    for (const [name, value] of Object.entries(headers))
      assert.equal(first?.request.headers[name], value, `${name} at the upstream`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
