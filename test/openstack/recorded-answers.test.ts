import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { Session } from "./support/admin.ts";
import { OpenStackBed } from "./support/openstack-bed.ts";

const FILE = new URL("../contract/support/openstack-answers.json", import.meta.url);

/** What each field holds, not its value: ids and times are others each time. */
function shape(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shape);
  if (typeof value !== "object" || value === null) return value === null ? "null" : typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, shape(field)]));
}

test(
  "the answers that tests of scale multiply are those of the real Octavia (UPDATE_GOLDEN=1 records them)",
  { timeout: 300_000 },
  async () => {
    await using bed = await OpenStackBed.start();
    const blue = await Session.begin(bed, "team-blue-user", "team-blue-user-pw", "team-blue");
    const first = async (kind: string, path = `/${kind}`): Promise<Readonly<Record<string, unknown>>> => {
      const answer = await blue.balancing("GET", path);
      const [object] = answer[kind] as readonly Readonly<Record<string, unknown>>[];
      assert.ok(object, kind);
      return object;
    };
    const pool = await first("pools", "/pools?name=web");
    const found = {
      loadbalancers: await first("loadbalancers", "/loadbalancers?name=web"),
      listeners: await first("listeners", `/listeners?default_pool_id=${String(pool["id"])}`),
      pools: pool,
      members: await first("members", `/pools/${String(pool["id"])}/members`),
    };
    if (process.env["UPDATE_GOLDEN"] === "1") await writeFile(FILE, `${JSON.stringify(found, undefined, 2)}\n`);
    else assert.deepEqual(shape(JSON.parse(await readFile(FILE, "utf8"))), shape(found));
  },
);
