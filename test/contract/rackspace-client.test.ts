import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { suite, test } from "node:test";
import type { ObservedRequest } from "#discovery/pkgcloud/requests.ts";
import { createRackspaceDiscoverer, type RackspaceSettings } from "#discovery/rackspace/create.ts";
import { temporaryDirectory } from "../integration/support/temp-dir.ts";
import { until } from "../integration/support/until.ts";
import { Followed } from "./discovery/followed.ts";
import { RackspaceStandIn, server } from "./support/rackspace-stand-in.ts";

const SECRET = "hunter2";
const METADATA = { "binnacle.service": "web", "binnacle.port": "8080", "binnacle.team": "shop" };

/** Rackspace as binnacle.yaml has it, followed in cycles of a few milliseconds. */
async function begin(overrides: Partial<RackspaceSettings> = {}) {
  const parts = new AsyncDisposableStack();
  const cloud = parts.use(await RackspaceStandIn.start());
  cloud.apiKey = SECRET;
  const folder = parts.use(await temporaryDirectory("rackspace"));
  const apiKeyFile = join(folder.path, "key");
  const observed: ObservedRequest[] = [];
  await writeFile(apiKeyFile, `${SECRET}\n`);
  const follow = async (): Promise<Followed> => {
    const discoverer = await createRackspaceDiscoverer({
      identityUrl: cloud.url,
      username: "reader",
      apiKeyFile,
      regions: ["DFW"],
      interval: 5,
      timeout: 10_000,
      serviceKey: "binnacle.service",
      portKey: "binnacle.port",
      teamKey: "binnacle.team",
      addresses: "private",
      teamOf: (team) => (team === "shop" ? "team-shop" : undefined),
      refuse: () => undefined,
      observe: (request) => observed.push(request),
      parts,
      ...overrides,
    });
    return parts.use(new Followed(discoverer));
  };
  return { cloud, apiKeyFile, observed, follow, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}

const servers = (count: number, prefix = "10.88.0") =>
  Array.from({ length: count }, (_, index) =>
    server(`s${index}`, { metadata: METADATA, private: `${prefix}.${index}` }),
  );

suite("Rackspace", { timeout: 600_000 }, () => {
  test("by an API key: every page of the region's servers, not the first generation's, with one token for all", async () => {
    await using world = await begin();
    world.cloud.servers.set("DFW", servers(5));
    const followed = await world.follow();
    await followed.have({ web: [0, 1, 2, 3, 4].map((number) => `10.88.0.${number}`) });
    await until(() => world.cloud.requests.length > 10);
    // One for the account's name, and one for the account.
    assert.equal(world.cloud.requests.filter((what) => what === "POST /v2.0/tokens").length, 2);
    assert.ok(world.cloud.requests.every((what) => /tokens$|^GET \/DFW\/v2\/123456\/servers\/detail$/.test(what)));
    assert.deepEqual(
      world.observed.slice(0, 4).map(({ verb, resource, code }) => `${verb} ${resource} ${code}`),
      ["create tokens 200", "create tokens 200", "get servers 200", "get servers 200"],
    );
  });

  test("servers by their metadata: addresses of either network, IPv6 first or not, and ACTIVE ones alone are ready", async () => {
    const some = [
      server("a", { metadata: METADATA, private: "10.88.0.1", public: ["2001:db8::1", "203.0.113.1"] }),
      server("b", {
        metadata: METADATA,
        private: "10.88.0.2",
        public: ["203.0.113.2", "2001:db8::2"],
        status: "REBUILD",
      }),
      server("c", { metadata: METADATA, private: "10.88.0.3", status: "DELETED" }),
      server("d", { private: "10.88.0.4" }),
      { id: "e" },
    ];
    for (const [addresses, expected] of [
      ["private", ["10.88.0.1", "10.88.0.2"]],
      ["public", ["203.0.113.1", "203.0.113.2"]],
      ["ipv6", ["2001:db8::1", "2001:db8::2"]],
    ] as const) {
      await using world = await begin({ addresses });
      world.cloud.servers.set("DFW", some);
      const followed = await world.follow();
      await followed.have({ web: expected });
      const [service] = followed.services;
      assert.deepEqual([service?.scope, service?.namespace], ["DFW.team-shop", "team-shop"]);
      assert.deepEqual(
        service?.endpoints[0]?.endpoints.map(({ ready, zone }) => [ready, zone]),
        [
          [true, "DFW"],
          [false, "DFW"],
        ],
      );
      const words = await until(() => followed.status.problems.map(({ message }) => message), {
        accept: ({ length }) => length > 0,
      });
      assert.match(words.join("\n"), /^one of the servers \(e\) cannot be read: status .*$/);
    }
  });

  test("each region is listed by itself: one that fails keeps what it had", async () => {
    await using world = await begin({ regions: ["DFW", "ORD"] });
    world.cloud.servers.set("DFW", servers(1)).set("ORD", servers(1));
    const followed = await world.follow();
    await followed.have({ "web-dfw": ["10.88.0.0"], "web-ord": ["10.88.0.0"] });
    world.cloud.fault = (what) =>
      what.startsWith("GET /ORD")
        ? { status: 403, body: { forbidden: { code: 403, message: "Policy does not allow it" } } }
        : undefined;
    world.cloud.servers.set("DFW", servers(2)).set("ORD", []);
    await followed.have({ "web-dfw": ["10.88.0.0", "10.88.0.1"], "web-ord": ["10.88.0.0"] });
    const [problem] = followed.status.problems;
    assert.match(problem?.message ?? "", /^region ORD cannot be read, .*403 Policy does not allow it$/);
    assert.equal(problem?.fix, "give the user the role nova:observer");
    assert.equal(followed.status.state, "synced");
  });

  test("a token that is refused in mid-cycle is replaced; a region that the account has not is named", async () => {
    await using world = await begin();
    world.cloud.servers.set("DFW", servers(1));
    const followed = await world.follow();
    await followed.have({ web: ["10.88.0.0"] });
    world.cloud.revoke();
    world.cloud.servers.set("DFW", servers(2));
    await followed.have({ web: ["10.88.0.0", "10.88.0.1"] });
    assert.equal(followed.status.failure, undefined);
    await using elsewhere = await begin({ regions: ["LON"] });
    const lost = await elsewhere.follow();
    await lost.settled;
    assert.match(lost.status.failure?.message ?? "", /no public endpoint of compute in region LON \(it has public in/);
  });

  test("a wrong key, a limit that is passed, half an answer: told in Rackspace's words without the key, and mended by itself", async () => {
    await using world = await begin();
    world.cloud.servers.set("DFW", servers(1));
    await writeFile(world.apiKeyFile, `${SECRET}-old`);
    const followed = await world.follow();
    await followed.settled;
    const { kind, message = "", fix } = followed.status.failure ?? {};
    assert.equal(kind, "credentials");
    assert.match(message, /POST .*\/v2\.0\/tokens: 401 Unable to authenticate user with credentials provided\.$/);
    assert.doesNotMatch(message, /hunter/);
    assert.match(fix ?? "", /API key into its file/);
    await writeFile(world.apiKeyFile, SECRET);
    await followed.have({ web: ["10.88.0.0"] });
    for (const [fault, expected] of [
      [
        {
          status: 413,
          body: { overLimit: { code: 413, message: "This request was rate-limited." } },
          headers: { "retry-after": "1" },
        },
        "throttled",
      ],
      ["break", "unreachable"],
    ] as const) {
      world.cloud.fault = () => fault;
      await followed.become("stale");
      assert.equal(followed.status.failure?.kind, expected);
      assert.deepEqual(followed.addresses, { web: ["10.88.0.0"] });
      await world.cloud.recover();
      await followed.become("synced");
    }
  });
});
