import type { IncomingMessage, ServerResponse } from "node:http";
import { json } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import { type JsonAnswer, type JsonFault, sendJson } from "./json-answer.ts";
import { type StandInOptions, StandInServer } from "./stand-in-server.ts";

/**
 * The few paths of OpenStack's APIs that discovery asks for, for faults that a real cloud can't be made to show when a test wants
 * them. What a real one says is asked by `npm run test:openstack`.
 */
export class OpenStackStandIn extends StandInServer<[what: string, token: string | undefined], JsonFault> {
  /** `POST /v3/auth/tokens`, `GET /compute/servers/detail` …, with the token that was shown. */
  readonly requests: { readonly what: string; readonly token: string | undefined }[] = [];
  /** By project: servers as Nova lists them. */
  readonly servers = new Map<string, readonly object[]>();
  readonly loadBalancers = new Map<string, readonly object[]>();
  readonly listeners = new Map<string, readonly object[]>();
  readonly pools = new Map<string, readonly object[]>();
  /** By pool. */
  readonly members = new Map<string, readonly object[]>();
  projects: readonly { readonly id: string; readonly name: string; readonly domain_id?: string }[] = [
    { id: "p1", name: "team-shop" },
  ];
  /** The names of domains by their ids. */
  readonly domains = new Map<string, string>();
  pageSize = 2;
  /** As old as OpenStack Mitaka: identity 2.0, and load balancers in Neutron. */
  isOld = false;
  /** Seconds. */
  tokenLife = 3600;
  /** Milliseconds that an answer takes. */
  latency = 0;
  readonly #tokens = new Map<string, string>();
  #issued = 0;

  static async start(options?: StandInOptions): Promise<OpenStackStandIn> {
    return new OpenStackStandIn(await StandInServer.listen(options));
  }

  get authentications(): number {
    return this.requests.filter(({ what }) => what.startsWith("POST")).length;
  }

  /** Tokens that were given so far are worth nothing any more. */
  revoke(): void {
    this.#tokens.clear();
  }

  protected override async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", this.url);
    const what = `${request.method} ${url.pathname}`;
    const token = request.headers["x-auth-token"];
    const shown = typeof token === "string" ? token : undefined;
    this.requests.push({ what, token: shown });
    const answer = this.fault(what, shown) ?? (await this.#answer(what, url, shown, request));
    if (this.latency > 0) await setTimeout(this.latency);
    sendJson(response, answer);
  }

  async #answer(what: string, url: URL, token: string | undefined, request: IncomingMessage): Promise<JsonAnswer> {
    if (what === "POST /v3/auth/tokens") return this.#authenticate(await json(request));
    if (what === "POST /v2.0/tokens") return this.#authenticateOld(await json(request));
    if (what === "GET /" && this.isOld) return { status: 300, body: { versions: { values: [{ id: "v2.0" }] } } };
    if (what === "GET /") return { status: 300, body: { versions: { values: [{ id: "v3.14" }, { id: "v2.0" }] } } };
    const project = this.#tokens.get(token ?? "");
    if (project === undefined)
      return { status: 401, body: { error: { message: "The request you have made requires authentication." } } };
    if (what === "GET /v3/auth/projects")
      return { status: 200, body: { projects: this.projects, links: { next: null } } };
    if (what === "GET /v2.0/tenants") return { status: 200, body: { tenants: this.projects, tenants_links: [] } };
    if (what === "GET /compute/servers/detail") return this.#page("servers", this.servers.get(project) ?? [], url);
    const [, pool, key = ""] = /^GET \/(?:lb|net)\/v2\.0\/lbaas\/(?:pools\/([^/]+)\/)?(\w+)$/.exec(what) ?? [];
    const balancing = { loadbalancers: this.loadBalancers, listeners: this.listeners, pools: this.pools };
    if (pool !== undefined) return this.#page("members", this.members.get(pool) ?? [], url);
    if (!(key in balancing)) return { status: 404, body: { message: "not here" } };
    return this.#page(key, balancing[key as keyof typeof balancing].get(project) ?? [], url);
  }

  #authenticate(body: unknown): JsonAnswer {
    const { auth } = body as { auth: { scope?: "unscoped" | { project: { id: string } } } };
    const project = typeof auth.scope === "object" ? auth.scope.project.id : "";
    const id = `token-${++this.#issued}`;
    this.#tokens.set(id, project);
    const endpoints = (path: string) => [{ interface: "public", region_id: "one", url: `${this.url}${path}` }];
    const token = {
      expires_at: new Date(Date.now() + this.tokenLife * 1000).toISOString(),
      ...(project === "" ? {} : { project: { id: project, name: project, ...this.#domainOf(project) } }),
      catalog: [
        { type: "compute", endpoints: endpoints("/compute") },
        { type: "load-balancer", endpoints: endpoints("/lb") },
      ],
    };
    return { status: 201, body: { token }, headers: { "x-subject-token": id } };
  }

  #domainOf(project: string): { readonly domain?: { readonly id: string; readonly name: string } } {
    const id = this.projects.find((one) => one.id === project)?.domain_id;
    return id === undefined ? {} : { domain: { id, name: this.domains.get(id) ?? id } };
  }

  #authenticateOld(body: unknown): JsonAnswer {
    const { auth } = body as { auth: { tenantId?: string } };
    const id = `token-${++this.#issued}`;
    this.#tokens.set(id, auth.tenantId ?? "");
    const endpoints = (path: string) => [
      { region: "one", publicURL: `${this.url}${path}`, internalURL: "http://inside" },
    ];
    const access = {
      token: { id, expires: new Date(Date.now() + this.tokenLife * 1000).toISOString() },
      serviceCatalog: [
        { type: "compute", endpoints: endpoints("/compute") },
        { type: "network", endpoints: endpoints("/net/") },
      ],
    };
    return { status: 200, body: { access } };
  }

  #page(key: string, objects: readonly object[], url: URL): JsonAnswer {
    const from = Number(url.searchParams.get("from") ?? 0);
    const next = new URL(url);
    next.searchParams.set("from", String(from + this.pageSize));
    const links = from + this.pageSize < objects.length ? [{ rel: "next", href: next.href }] : [];
    return { status: 200, body: { [key]: objects.slice(from, from + this.pageSize), [`${key}_links`]: links } };
  }
}
