import { isMap } from "#lib/schema-rules.ts";
import { Slots } from "#lib/slots.ts";
import type { CloudAnswer } from "../../pkgcloud/requests.ts";
import { PlatformError } from "../../platform-error.ts";
import type { Scope } from "./credentials.ts";
import type { Keystone } from "./keystone.ts";
import type { CatalogEndpoint, Token } from "./token.ts";
import type { Transport } from "./transport.ts";

export interface CloudOptions {
  readonly keystone: Keystone;
  readonly transport: Transport;
  /** Of the services; may be left out in a cloud of one. */
  readonly region?: string;
  readonly interface: CatalogEndpoint["interface"];
  /** How many requests may be under way at once. */
  readonly atOnce: number;
}

export interface CloudProject {
  readonly id: string;
  /** Its domain's to give: there may be several of one name. */
  readonly name: string;
  /** Undefined where identity is version 2.0. Lists have the id alone. */
  readonly domain?: { readonly id: string; readonly name?: string };
}

/** An object as the cloud tells of it. */
export type CloudObject = Readonly<Record<string, unknown>>;

/** What of a project is listed. Load balancers are Octavia's, or LBaaS v2's in Neutron where the catalog has no Octavia. */
export type Listing =
  | { readonly what: "loadbalancers" | "listeners" | "pools" | "healthmonitors" }
  | { readonly what: "members"; readonly pool: string }
  | { readonly what: "servers" };

/** More pages than any project has, fewer than a circle of links. */
const MOST_PAGES = 1000;

/** The API of an OpenStack cloud, as far as upstreams are found by it. Everything throws {@link PlatformError}. */
export class Cloud {
  readonly #options: CloudOptions;
  readonly #slots: Slots;

  constructor(options: CloudOptions) {
    this.#options = options;
    this.#slots = new Slots(options.atOnce);
  }

  /** The enabled projects that the credentials reach, sorted by id. An application credential reaches one. */
  async projects(signal: AbortSignal): Promise<readonly CloudProject[]> {
    const { keystone } = this.#options;
    const only = await keystone.onlyProject(signal);
    if (only !== undefined) return [only];
    const { url, key } = await keystone.projectsUrl(signal);
    const objects = await this.#pages(url, key, undefined, signal);
    return objects
      .flatMap(({ id, name, domain_id: domain, enabled }): readonly CloudProject[] => {
        if (typeof id !== "string" || typeof name !== "string" || enabled === false) return [];
        return [{ id, name, ...(typeof domain === "string" ? { domain: { id: domain } } : {}) }];
      })
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** The same with its domain's name, which its token tells; as it is where the project gives no token. */
  async withDomain(project: CloudProject, signal: AbortSignal): Promise<CloudProject> {
    try {
      const { project: told } = await this.#options.keystone.token({ projectId: project.id }, signal);
      return told?.domain === undefined ? project : { ...project, domain: told.domain };
    } catch (error) {
      if (error instanceof PlatformError) return project;
      throw error;
    }
  }

  /** All objects of a kind in a project: every page, or an error. */
  async list(project: CloudProject, listing: Listing, signal: AbortSignal): Promise<readonly CloudObject[]> {
    const scope = { projectId: project.id };
    const { catalog } = await this.#options.keystone.token(scope, signal);
    const { url, key } = this.#address(catalog, listing, project);
    return await this.#pages(url, key, scope, signal);
  }

  #address(
    catalog: readonly CatalogEndpoint[],
    listing: Listing,
    project: CloudProject,
  ): { readonly url: string; readonly key: string } {
    if (listing.what === "servers")
      return { url: `${this.#endpoint(catalog, ["compute"])}/servers/detail`, key: "servers" };
    const base = this.#endpoint(catalog, ["load-balancer", "network"]).replace(/\/v2(\.0)?$/, "");
    const path = listing.what === "members" ? `pools/${encodeURIComponent(listing.pool)}/members` : listing.what;
    // Also whose: somebody who may see all projects would see all (Octavia refuses tenant_id, Neutron takes both).
    return { url: `${base}/v2.0/lbaas/${path}?project_id=${encodeURIComponent(project.id)}`, key: listing.what };
  }

  /** Of the first of these services that the catalog has. */
  #endpoint(catalog: readonly CatalogEndpoint[], types: readonly string[]): string {
    const { region, interface: wanted } = this.#options;
    for (const type of types) {
      const offered = catalog.filter((endpoint) => endpoint.type === type);
      const [found] = offered.filter(
        (endpoint) => endpoint.interface === wanted && (region === undefined || endpoint.region === region),
      );
      if (found !== undefined) return found.url.replace(/\/+$/, "");
      if (offered.length > 0) {
        const places = offered.map((endpoint) => `${endpoint.interface} in ${endpoint.region}`).sort();
        throw new PlatformError(
          `the catalog has no ${wanted} endpoint of ${type}${region === undefined ? "" : ` in region ${region}`} (it has ${places.join(", ")})`,
          { kind: "invalid" },
        );
      }
    }
    throw new PlatformError(`the catalog has no service of type ${types.join(" or ")}`, { kind: "invalid" });
  }

  async #pages(first: string, key: string, scope: Scope, signal: AbortSignal): Promise<readonly CloudObject[]> {
    const found: CloudObject[] = [];
    const seen = new Set<string>();
    let url: string | undefined = first;
    while (url !== undefined) {
      if (seen.size === MOST_PAGES || seen.has(url))
        throw new PlatformError(`${first}: its pages lead in a circle`, { kind: "invalid" });
      seen.add(url);
      const { body } = await this.#get(url, scope, signal);
      const objects = isMap(body) ? body[key] : undefined;
      if (!isMap(body) || !Array.isArray(objects))
        throw new PlatformError(`GET ${url.replace(/\?.*/, "")}: answered without ${key}`, { kind: "invalid" });
      found.push(...objects.filter((object): object is CloudObject => isMap(object)));
      url = nextPage(body, key, url);
    }
    return found;
  }

  /** With another token where the server no longer takes ours. */
  async #get(url: string, scope: Scope, signal: AbortSignal): Promise<CloudAnswer> {
    const { keystone, transport } = this.#options;
    const ask = async (token: Token): Promise<CloudAnswer> =>
      await this.#slots.use(signal, () => transport.send({ method: "GET", url, token: token.id, signal }));
    const token = await keystone.token(scope, signal);
    try {
      return await ask(token);
    } catch (error) {
      if (!(error instanceof PlatformError) || (error.status !== 401 && error.status !== 403)) throw error;
      // Of 403, too: servers remember a token's rights for minutes, and those of the next may be others.
      await keystone.refuse(scope, token);
      if (error.status === 403) throw error;
      return await ask(await keystone.token(scope, signal));
    }
  }
}

/** `loadbalancers_links: [{rel: next, href}]` (Octavia, Neutron, Nova) or `links: {next}` (Keystone). */
function nextPage(body: Readonly<Record<string, unknown>>, key: string, from: string): string | undefined {
  const links = body[`${key}_links`];
  const listed = (Array.isArray(links) ? links : []).filter(isMap).find(({ rel }) => rel === "next")?.["href"];
  const next = listed ?? (isMap(body["links"]) ? body["links"]["next"] : undefined);
  if (typeof next !== "string") return undefined;
  // A token goes to nobody but the server that it was sent to. Behind a proxy that ends TLS a server may not know its own scheme.
  const to = new URL(next, from);
  const own = new URL(from);
  if (to.host !== own.host)
    throw new PlatformError(`${from}: its next page is elsewhere, at ${to.host}`, { kind: "invalid" });
  to.protocol = own.protocol;
  return to.href;
}
