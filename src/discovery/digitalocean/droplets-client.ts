import { z } from "zod";
import { digitalOceanClient } from "../pkgcloud/digitalocean-client.ts";
import type { Requests } from "../pkgcloud/requests.ts";
import { PlatformError } from "../platform-error.ts";

export interface DropletsClientOptions {
  /** `https://api.digitalocean.com` */
  readonly endpoint: string;
  /** Asked before each list: secrets are files, and change. Throws PlatformError. */
  readonly token: () => Promise<string>;
  readonly requests: Requests;
  /** 200 at most. */
  readonly pageSize: number;
  /** A tag of the droplets that are asked for; all of them unless given. */
  readonly tag?: string;
}

/** An object as the cloud tells of it. */
type CloudObject = Readonly<Record<string, unknown>>;

const pageShape = z.object({
  droplets: z.array(z.record(z.string(), z.unknown())),
  links: z.object({ pages: z.object({ next: z.string().optional() }).optional() }).nullish(),
  meta: z.object({ total: z.int() }).nullish(),
});

/** How often a list is begun anew because it changed while it was read. */
const MOST_LOOKS = 3;

/** DigitalOcean's API, version 2, as far as upstreams are found by it. */
export class DropletsClient {
  readonly #options: DropletsClientOptions;

  constructor(options: DropletsClientOptions) {
    this.#options = options;
  }

  /** All droplets with their tags: every page, of one state of the list, or an error. Throws {@link PlatformError}. */
  async list(signal: AbortSignal): Promise<readonly CloudObject[]> {
    const token = await this.#options.token();
    for (let looks = 1; looks <= MOST_LOOKS; looks++) {
      const found = await this.#look(token, signal);
      if (found === undefined) continue;
      // A token without the scope tag:read is shown none: that is not to be taken for droplets that are nobody's any more.
      if (found.length > 0 && found.every(({ tags }) => !Array.isArray(tags)))
        throw new PlatformError(`${this.#url(1)}: the droplets come without their tags`, { kind: "forbidden" });
      return found;
    }
    throw new PlatformError(`${this.#url(1)}: the list changed between its pages, ${MOST_LOOKS} times`, {
      kind: "server",
    });
  }

  /**
   * Undefined where the list changed meanwhile. Pages are counted, not marked: when a droplet of a page before goes, the next page
   * begins one later, and a droplet would be missed. The total tells, or the same droplet on two pages.
   */
  async #look(token: string, signal: AbortSignal): Promise<readonly CloudObject[] | undefined> {
    const found = new Map<unknown, CloudObject>();
    let total: number | undefined;
    for (let number = 1; ; number++) {
      const page = await this.#page(number, token, signal);
      const known = found.size;
      for (const droplet of page.droplets) found.set(droplet["id"], droplet);
      if (number === 1) total = page.meta?.total;
      const isSameList = found.size === known + page.droplets.length && page.meta?.total === total;
      if (!isSameList) return undefined;
      if (page.links?.pages?.next === undefined) return [...found.values()];
      if (page.droplets.length === 0)
        throw new PlatformError(`${this.#url(number)}: an empty page names a next one`, { kind: "invalid" });
    }
  }

  async #page(number: number, token: string, signal: AbortSignal): Promise<z.output<typeof pageShape>> {
    const { requests, pageSize, tag } = this.#options;
    // Its own number, not the link to the next: a token goes to no other server.
    const query = new URLSearchParams({ per_page: `${pageSize}`, page: `${number}`, ...(tag && { tag_name: tag }) });
    const url = this.#url(number);
    const { body } = await requests.send(digitalOceanClient(token), {
      method: "GET",
      url: `${this.#options.endpoint}/v2/droplets?${query.toString()}`,
      signal,
    });
    const page = pageShape.safeParse(body);
    if (page.success) return page.data;
    const [issue] = page.error.issues;
    throw new PlatformError(
      `${url}: answered what is no list of droplets (${issue?.path.join(".")}: ${issue?.message})`,
      {
        kind: "invalid",
      },
    );
  }

  /** For what is told of a page. */
  #url(page: number): string {
    return `GET ${this.#options.endpoint}/v2/droplets${page === 1 ? "" : ` page ${page}`}`;
  }
}
