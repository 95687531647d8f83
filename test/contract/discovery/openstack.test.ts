import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { NoCache, type Remembered } from "#discovery/cache.ts";
import type { DiscoveredService } from "#discovery/discovered.ts";
import { Cloud } from "#discovery/openstack/client/cloud.ts";
import { Keystone } from "#discovery/openstack/client/keystone.ts";
import { Transport } from "#discovery/openstack/client/transport.ts";
import { OpenStackDiscoverer } from "#discovery/openstack/discoverer.ts";
import { until } from "../../integration/support/until.ts";
import { OpenStackStandIn } from "../support/openstack-stand-in.ts";
import { StandInWorld } from "../support/stand-in-world.ts";
import { discoveryContract } from "./discovery-contract.ts";
import { Followed, type Services } from "./followed.ts";

/** Servers of one project, in a cloud that is none: what a real one has is asked by `npm run test:openstack`. */
class CloudWorld extends StandInWorld<OpenStackStandIn> {
  discoverer(map: Readonly<Record<string, string>> = {}): OpenStackDiscoverer {
    const transport = new Transport({ timeout: 60_000 });
    const credentials = () => Promise.resolve({ type: "token", token: "given" } as const);
    const keystone = this.parts.use(
      new Keystone({ authUrl: `${this.standIn.url}/v3`, credentials, transport, now: Date.now }),
    );
    return new OpenStackDiscoverer({
      cloud: new Cloud({ keystone, transport, interface: "public", atOnce: 4 }),
      namespaces: { allow: [], deny: [], map },
      rules: {
        loadBalancers: true,
        servers: { serviceKey: "service", portKey: "port", teamKey: "team", anyTeam: false, addresses: "fixed" },
        refuse: () => undefined,
      },
      times: { interval: 10, retry: { least: 5, most: 20 } },
    });
  }

  /** A project of that name in two domains, each with a server. */
  haveTwins(...ids: readonly string[]): void {
    const domains: Readonly<Record<string, string>> = { p1: "default", p0: "evil" };
    this.standIn.domains.set("default", "Default").set("evil", "Evil");
    this.standIn.projects = ids.map((id) => ({ id, name: "team-shop", domain_id: domains[id] ?? "" }));
    for (const id of ids) this.standIn.servers.set(id, [server("web", id === "p1" ? "10.88.0.1" : "10.88.0.66")]);
  }

  protected have(services: Services): void {
    const servers = Object.entries(services).flatMap(([service, addresses]) =>
      addresses.map((address) => server(service, address)),
    );
    this.standIn.servers.set("p1", servers);
  }
}

function server(service: string, addr: string): object {
  return {
    id: `${service}-${addr}`,
    name: service,
    status: "ACTIVE",
    metadata: { service, port: "8080" },
    addresses: { net: [{ addr, "OS-EXT-IPS:type": "fixed" }] },
  };
}

discoveryContract("openstack", async (services) => new CloudWorld(await OpenStackStandIn.start(), services));

suite("two projects of one name, in two domains", { timeout: 600_000 }, () => {
  const begin = async () => new CloudWorld(await OpenStackStandIn.start(), {});
  const placed = ({ services }: Followed) =>
    services.map(({ scope, namespace, service }) => `${scope} ${namespace}/${service}`).sort();
  const problems = (followed: Followed) =>
    until(() => followed.status.problems.map(({ message, fix }) => `${message}: ${fix}`), {
      accept: (found) => found.length > 0,
      what: "to be told",
    });

  test("the one that was there has the namespace, also after a restart; the other is refused with both their names", async () => {
    await using world = await begin();
    world.haveTwins("p1");
    await using first = new Followed(world.discoverer());
    await first.settled;
    world.haveTwins("p0", "p1");
    const [problem = ""] = await problems(first);
    assert.match(problem, /^project team-shop of domain Evil \(p0\) .* project team-shop of domain Default \(p1\)'s/);
    assert.match(problem, /namespaces\.map: \{"p0": …\}/);
    assert.deepEqual(placed(first), ["p1 team-shop/web"]);
    await using restarted = new Followed(world.discoverer(), new Remembering(first.services));
    await restarted.settled;
    await problems(restarted);
    assert.deepEqual(placed(restarted), ["p1 team-shop/web"]);
  });

  test("of two that were never seen before none is followed, until the map says where they belong", async () => {
    await using world = await begin();
    world.haveTwins("p0", "p1");
    await using followed = new Followed(world.discoverer());
    await followed.settled;
    const [problem = ""] = await problems(followed);
    assert.match(problem, /domain Evil \(p0\) and .* domain Default \(p1\) would have the same namespace team-shop/);
    assert.deepEqual(placed(followed), []);
    await using mapped = new Followed(world.discoverer({ "Evil/team-shop": "team-evil" }));
    await mapped.settled;
    assert.deepEqual(placed(mapped), ["p0 team-evil/web", "p1 team-shop/web"]);
    await until(() => mapped.told.some(({ call }) => call === "problems"));
    assert.deepEqual(mapped.status.problems, []);
  });
});

/** What an earlier life of the process had. */
class Remembering extends NoCache {
  readonly #services: readonly DiscoveredService[];

  constructor(services: readonly DiscoveredService[]) {
    super();
    this.#services = services;
  }

  override load(): Remembered {
    return { services: this.#services, syncedAt: 1, isRemoved: false };
  }
}
