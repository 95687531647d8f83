import { z } from "zod";
import type { Problem } from "#lib/problem.ts";
import type { Instance } from "../instance.ts";
import { readObject } from "../read-object.ts";

const network = z.object({ ip_address: z.string(), type: z.string() });

/** A Droplet of DigitalOcean's API, version 2, as far as it is read. */
const dropletShape = z.object({
  id: z.union([z.int(), z.string()]).transform(String),
  name: z.string().default(""),
  status: z.string(),
  tags: z.array(z.string()).nullish(),
  region: z.object({ slug: z.string() }).nullish(),
  networks: z.object({ v4: z.array(network).default([]), v6: z.array(network).default([]) }).prefault({}),
});

type Droplet = z.output<typeof dropletShape>;

/** Its states; a new one has not started yet. */
const STATES: Readonly<Record<string, Instance["state"]>> = { active: "running", archive: "gone" };

/**
 * Droplets as instances. Their tags are words without values, and may hold letters, digits, `-`, `_` and `:`, so that
 * `binnacle-service:web` stands for the value `web` under the key `binnacle-service`.
 *
 * @param keys of which a droplet may have one tag each
 */
export function readDroplets(
  objects: readonly Readonly<Record<string, unknown>>[],
  keys: readonly string[],
): { readonly instances: readonly Instance[]; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const instances = objects.flatMap((object): readonly Instance[] => {
    const [droplet] = readObject(object, "droplets", dropletShape, problems);
    if (droplet === undefined) return [];
    const pairs = (droplet.tags ?? []).map(pairOf);
    const [several] = keys.flatMap((key) => {
      const values = pairs.flatMap(([named, value]) => (named === key ? [value] : [])).sort();
      return values.length > 1 ? [{ key, values }] : [];
    });
    if (several === undefined) return [instanceOf(droplet, Object.fromEntries(pairs))];
    const found = several.values.map((value) => `${several.key}:${value}`).join(", ");
    const message = `droplet ${droplet.name} ${droplet.id}: it has the tags ${found}, expected one of ${several.key}`;
    problems.push({ severity: "error", path: "", message, fix: "take the others away" });
    return [];
  });
  return { instances, problems };
}

function pairOf(tag: string): readonly [string, string] {
  const colon = tag.indexOf(":");
  return colon < 0 ? [tag, ""] : [tag.slice(0, colon), tag.slice(colon + 1)];
}

function instanceOf({ id, name, status, region, networks }: Droplet, tags: Instance["tags"]): Instance {
  const first = (list: Droplet["networks"]["v4"], type: string) => list.find((one) => one.type === type)?.ip_address;
  return {
    id,
    name: name === "" ? undefined : name,
    state: STATES[status] ?? "idle",
    private: first(networks.v4, "private"),
    public: first(networks.v4, "public"),
    ipv6: first(networks.v6, "public"),
    zone: region?.slug,
    tags,
  };
}
