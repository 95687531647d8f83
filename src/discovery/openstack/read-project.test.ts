import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { CloudObject, Listing } from "./client/cloud.ts";
import { readProject } from "./read-project.ts";

const PROJECT = { id: "p1", name: "shop" };
const listener = (pool: string): CloudObject => ({
  id: "l1",
  protocol: "HTTP",
  protocol_port: 80,
  default_pool_id: pool,
  loadbalancers: [{ id: "lb1" }],
});
const pool = (id: string): CloudObject => ({ id, protocol: "HTTP" });

/** A project with one load balancer, whose listings say at each look what the test gives for it. */
async function look(answers: (what: Listing, time: number) => readonly CloudObject[]) {
  const times = new Map<string, number>();
  const list = (_project: unknown, listing: Listing): Promise<readonly CloudObject[]> => {
    const time = (times.get(listing.what) ?? 0) + 1;
    times.set(listing.what, time);
    return Promise.resolve(answers(listing, time));
  };
  const rules = { loadBalancers: true, servers: undefined, refuse: () => undefined };
  const { services, problems } = await readProject({ list }, PROJECT, "shop", rules, new AbortController().signal);
  return {
    addresses: services.flatMap(({ endpoints }) => endpoints.flatMap((group) => group.endpoints)).map((e) => e.address),
    problems: problems.map(({ message }) => message),
    times: Object.fromEntries(times),
  };
}

const objects =
  (pools: (time: number) => readonly string[], wanted: (time: number) => string) =>
  (listing: Listing, time: number): readonly CloudObject[] => {
    if (listing.what === "loadbalancers") return [{ id: "lb1" }];
    if (listing.what === "listeners") return [listener(wanted(time))];
    if (listing.what === "pools") return pools(time).map(pool);
    const address = listing.what === "members" && listing.pool === "blue" ? "10.0.0.1" : "10.0.0.2";
    return [{ address, protocol_port: 8080 }];
  };

suite("a project whose listings are made one after the other", () => {
  test("a listener that was turned to a new pool between two of them keeps its endpoints", async () => {
    const made = objects(
      (time) => (time === 1 ? ["blue"] : ["blue", "green"]),
      () => "green",
    );
    assert.deepEqual(await look(made), {
      addresses: ["10.0.0.2"],
      problems: [],
      times: { loadbalancers: 1, listeners: 2, pools: 2, members: 1 },
    });
  });

  test("one that is whole is listed once; a pool that stays away is told after a second look", async () => {
    const whole = await look(
      objects(
        () => ["blue"],
        () => "blue",
      ),
    );
    assert.deepEqual(whole.times, { loadbalancers: 1, listeners: 1, pools: 1, members: 1 });
    const without = await look(
      objects(
        () => [],
        () => "gone",
      ),
    );
    assert.deepEqual([without.addresses, without.times], [[], { loadbalancers: 1, listeners: 2, pools: 2 }]);
    assert.match(without.problems.join(), /it has no default pool/);
  });
});
