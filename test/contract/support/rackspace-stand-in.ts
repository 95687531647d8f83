import type { IncomingMessage, ServerResponse } from "node:http";
import { json } from "node:stream/consumers";
import { type JsonAnswer, type JsonFault, sendJson } from "./json-answer.ts";
import { type StandInOptions, StandInServer } from "./stand-in-server.ts";

const ACCOUNT = "123456";

export interface ServerOptions {
  readonly metadata?: Readonly<Record<string, string>>;
  readonly status?: string;
  readonly private?: string;
  readonly public?: readonly string[];
}

/** A server as Rackspace's documentation shows one, which lists the public IPv6 address first. */
export function server(id: string, options: ServerOptions = {}): { readonly id: string } {
  const { metadata = {}, status = "ACTIVE" } = options;
  const on = (addresses: readonly string[]) => addresses.map((addr) => ({ addr, version: addr.includes(":") ? 6 : 4 }));
  return Object.assign(
    { id },
    {
      name: `server-${id}`,
      status,
      metadata,
      addresses: {
        ...(options.private === undefined ? {} : { private: on([options.private]) }),
        public: on(options.public ?? []),
      },
      accessIPv4: "",
      accessIPv6: "",
      "OS-DCF:diskConfig": "AUTO",
      "OS-EXT-STS:power_state": 1,
      "OS-EXT-STS:task_state": null,
      "OS-EXT-STS:vm_state": "active",
      tenant_id: ACCOUNT,
    },
  );
}

/**
 * Rackspace's identity (2.0, with API keys) and Cloud Servers (version 2) after its documentation, for want of a real account
 * that can be asked.
 */
export class RackspaceStandIn extends StandInServer<[what: string, token: string | undefined], JsonFault> {
  /** `POST /v2.0/tokens`, `GET /DFW/v2/123456/servers/detail`. */
  readonly requests: string[] = [];
  /** By region. */
  readonly servers = new Map<string, readonly { readonly id: string }[]>([["DFW", []]]);
  pageSize = 2;
  apiKey = "given";
  #token = 0;
  #isRevoked = false;

  static async start(options?: StandInOptions): Promise<RackspaceStandIn> {
    return new RackspaceStandIn(await StandInServer.listen(options));
  }

  /** The token that was given last is worth nothing any more. */
  revoke(): void {
    this.#isRevoked = true;
  }

  protected override async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", this.url);
    const what = `${request.method} ${url.pathname}`;
    const shown = request.headers["x-auth-token"];
    const token = typeof shown === "string" ? shown : undefined;
    this.requests.push(what);
    const answer = what === "POST /v2.0/tokens" ? this.#authenticate(await json(request)) : this.#list(url, token);
    sendJson(response, this.fault(what, token) ?? answer);
  }

  #authenticate(body: unknown): JsonAnswer {
    const { auth } = body as { auth: Record<string, unknown> };
    const given = JSON.stringify(auth["RAX-KSKEY:apiKeyCredentials"]);
    if (given !== JSON.stringify({ username: "reader", apiKey: this.apiKey }))
      return refused(401, "unauthorized", "Unable to authenticate user with credentials provided.");
    this.#isRevoked = false;
    const regions = [...this.servers.keys()];
    const access = {
      token: {
        id: `token-${++this.#token}`,
        expires: new Date(Date.now() + 86_400_000).toISOString(),
        tenant: { id: ACCOUNT, name: ACCOUNT },
        "RAX-AUTH:authenticatedBy": ["APIKEY"],
      },
      serviceCatalog: [
        // The first generation of its servers, of no region.
        {
          name: "cloudServers",
          type: "compute",
          endpoints: [{ tenantId: ACCOUNT, publicURL: `${this.url}/v1.0/${ACCOUNT}` }],
        },
        {
          name: "cloudServersOpenStack",
          type: "compute",
          endpoints: regions.map((region) => ({
            region,
            tenantId: ACCOUNT,
            publicURL: `${this.url}/${region}/v2/${ACCOUNT}`,
            versionId: "2",
          })),
        },
      ],
      user: { id: "7", name: "reader", roles: [{ id: "1", name: "nova:observer" }] },
    };
    return { status: 200, body: { access } };
  }

  #list(url: URL, token: string | undefined): JsonAnswer {
    if (this.#isRevoked || token !== `token-${this.#token}`)
      return refused(
        401,
        "unauthorized",
        "No valid token provided. Please use the 'X-Auth-Token' header with a valid token.",
      );
    const [, region = "", account] = /^\/([A-Z]+)\/v2\/(\d+)\/servers\/detail$/.exec(url.pathname) ?? [];
    const all = this.servers.get(region);
    if (all === undefined || account !== ACCOUNT)
      return refused(404, "itemNotFound", "The resource could not be found.");
    const marker = url.searchParams.get("marker");
    const from = marker === null ? 0 : all.findIndex(({ id }) => id === marker) + 1;
    const servers = all.slice(from, from + this.pageSize);
    const next = `${url.origin}${url.pathname}?limit=${this.pageSize}&marker=${servers.at(-1)?.id}`;
    const links = from + this.pageSize < all.length ? { servers_links: [{ rel: "next", href: next }] } : {};
    return { status: 200, body: { servers, ...links } };
  }
}

function refused(status: number, word: string, message: string): JsonAnswer {
  return { status, body: { [word]: { code: status, message } } };
}
