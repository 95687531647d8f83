import type { IncomingMessage, ServerResponse } from "node:http";
import { type JsonAnswer, type JsonFault, sendJson } from "./json-answer.ts";
import { type StandInOptions, StandInServer } from "./stand-in-server.ts";

export interface DropletOptions {
  readonly tags?: readonly string[];
  readonly status?: "new" | "active" | "off" | "archive";
  readonly private?: string;
  readonly public?: string;
  readonly ipv6?: string;
}

/** A droplet as the API's description has it. */
export function droplet(id: number, options: DropletOptions = {}): object {
  const { tags = [], status = "active" } = options;
  const address = (type: string, ip_address: string | undefined) =>
    ip_address === undefined ? [] : [{ ip_address, netmask: "255.255.0.0", gateway: "10.0.0.1", type }];
  return {
    id,
    name: `droplet-${id}`,
    memory: 1024,
    vcpus: 1,
    disk: 25,
    locked: false,
    status,
    kernel: null,
    created_at: "2026-07-21T18:37:44Z",
    features: ["private_networking"],
    backup_ids: [],
    snapshot_ids: [],
    // Pruned after its snapshot was deleted.
    image: null,
    volume_ids: [],
    size_slug: "s-1vcpu-1gb",
    networks: {
      v4: [...address("public", options.public), ...address("private", options.private)],
      v6: address("public", options.ipv6),
    },
    region: { name: "Frankfurt 1", slug: "fra1", available: true },
    tags,
    vpc_uuid: "760e09ef-dc84-11e8-981e-3cfdfeaae000",
  };
}

export interface DropletsRequest {
  readonly path: string;
  readonly token: string | undefined;
  readonly page: number;
  readonly perPage: number;
  readonly tag: string | undefined;
}

/** DigitalOcean's list of droplets after its published description (version 2 of its API), for want of a real one that can be asked. */
export class DigitalOceanStandIn extends StandInServer<[DropletsRequest], JsonFault> {
  readonly requests: DropletsRequest[] = [];
  droplets: readonly object[] = [];
  /** Which token is let in. */
  token = "given";

  static async start(options?: StandInOptions): Promise<DigitalOceanStandIn> {
    return new DigitalOceanStandIn(await StandInServer.listen(options));
  }

  protected override handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "/", this.url);
    const asked = {
      path: `${request.method} ${pathname}`,
      token: /^Bearer (.*)$/.exec(request.headers.authorization ?? "")?.[1],
      page: Number(searchParams.get("page") ?? 1),
      perPage: Number(searchParams.get("per_page") ?? 20),
      tag: searchParams.get("tag_name") ?? undefined,
    };
    this.requests.push(asked);
    sendJson(response, this.fault(asked) ?? this.#answer(asked));
    return Promise.resolve();
  }

  #answer({ path, token, page, perPage, tag }: DropletsRequest): JsonAnswer {
    if (token !== this.token)
      return { status: 401, body: { id: "unauthorized", message: "Unable to authenticate you" } };
    if (path !== "GET /v2/droplets")
      return { status: 404, body: { id: "not_found", message: "The resource you requested could not be found." } };
    const all = this.droplets.filter((one) => tag === undefined || ("tags" in one && String(one.tags).includes(tag)));
    const from = (page - 1) * perPage;
    const next = `${this.url}/v2/droplets?page=${page + 1}&per_page=${perPage}`;
    const pages = from + perPage < all.length ? { next } : {};
    const body = { droplets: all.slice(from, from + perPage), links: { pages }, meta: { total: all.length } };
    return { status: 200, body };
  }
}
