import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { DnsDiscoverer } from "#discovery/dns/discoverer.ts";
import { DnsClient } from "#dns/dns-client.ts";
import { until } from "../../integration/support/until.ts";
import { DnsServer } from "../../integration/support/dns-server.ts";
import { discoveryContract, type PlatformWorld } from "./discovery-contract.ts";
import { Followed, type Services } from "./followed.ts";

const http = { name: "http", port: 80, targetPort: 8080, protocol: "TCP" } as const;

/** Names in a real DNS server; a service that is gone is a name without addresses. */
class DnsWorld implements PlatformWorld {
  readonly #server: DnsServer;
  readonly #names: readonly string[];
  readonly changes = {
    have: (services: Services) => this.#server.zone(zoneOf(services)),
    fail: () => this.#server.kill(),
    fallSilent: () => this.#server.freeze(),
    recover: () => this.#server.restart(),
  };

  constructor(server: DnsServer, services: Services) {
    this.#server = server;
    this.#names = Object.keys(services);
  }

  discoverer(): DnsDiscoverer {
    return new DnsDiscoverer({
      client: new DnsClient({ servers: [this.#server], timeout: 60_000 }),
      services: this.#names.map((name) => ({
        namespace: "team-shop",
        name,
        ports: [http],
        names: { hosts: [`${name}.test`] },
      })),
      addressTypes: ["A", "AAAA"],
      refuse: () => undefined,
      times: { minimumTtl: 10, maximumTtl: 10, retry: { least: 5, most: 20 } },
      now: Date.now,
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#server[Symbol.asyncDispose]();
  }
}

function zoneOf(services: Services): readonly string[] {
  return Object.entries(services).flatMap(([name, addresses]) => addresses.map((address) => `${name} A ${address}`));
}

discoveryContract("dns", async (services) => new DnsWorld(await DnsServer.start(zoneOf(services)), services));

suite("names that fail one by one", () => {
  const service = (name: string, host: string) => ({
    namespace: "team-shop",
    name,
    ports: [http],
    names: { hosts: [host] },
  });
  const begin = (server: DnsServer) =>
    new Followed(
      new DnsDiscoverer({
        client: new DnsClient({ servers: [server], timeout: 10_000 }),
        services: [service("cart", "cart.test"), service("till", "till.example")],
        addressTypes: ["A"],
        refuse: (address) =>
          address.startsWith("127.") ? { message: "means this machine", fix: "leave it out" } : undefined,
        times: { minimumTtl: 10, maximumTtl: 10, retry: { least: 5, most: 5 } },
        now: () => 0,
      }),
    );
  const problems = (followed: Followed) => followed.status.problems.map(({ message }) => message);

  test("one that cannot be asked for is a problem of its service alone", async () => {
    await using server = await DnsServer.start(["cart A 10.88.0.1"]);
    await using followed = begin(server);
    await followed.settled;
    assert.equal(followed.status.state, "synced");
    assert.deepEqual(followed.addresses, { cart: ["10.88.0.1"] });
    const [problem = "", ...others] = await until(() => problems(followed), { accept: (found) => found.length > 0 });
    assert.match(
      problem,
      /service team-shop\/till: A of till\.example: .*answered REFUSED, since 1970-01-01T00:00:00.000Z/,
    );
    assert.deepEqual(others, []);
    await server.breakZone();
    await followed.become("stale");
    assert.deepEqual(followed.addresses, { cart: ["10.88.0.1"] });
  });

  test("an answer that points at this machine is refused, and told; a better one is taken", async () => {
    await using server = await DnsServer.start(["cart A 127.0.0.1"]);
    await using followed = begin(server);
    await followed.settled;
    assert.deepEqual(followed.addresses, {});
    await until(() =>
      problems(followed).some((words) => /cart\.test has the address 127\.0\.0\.1, which means/.test(words)),
    );
    await server.zone(["cart A 10.88.0.1"]);
    await followed.have({ cart: ["10.88.0.1"] });
  });
});
