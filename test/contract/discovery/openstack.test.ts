import { Cloud } from "#discovery/openstack/client/cloud.ts";
import { Keystone } from "#discovery/openstack/client/keystone.ts";
import { Transport } from "#discovery/openstack/client/transport.ts";
import { OpenStackDiscoverer } from "#discovery/openstack/discoverer.ts";
import { OpenStackStandIn } from "../support/openstack-stand-in.ts";
import { StandInWorld } from "../support/stand-in-world.ts";
import { discoveryContract } from "./discovery-contract.ts";
import type { Services } from "./followed.ts";

/** Servers of one project, in a cloud that is none: what a real one has is asked by `npm run test:openstack`. */
class CloudWorld extends StandInWorld<OpenStackStandIn> {
  discoverer(): OpenStackDiscoverer {
    const transport = new Transport({ timeout: 60_000 });
    const credentials = () => Promise.resolve({ type: "token", token: "given" } as const);
    const keystone = this.parts.use(
      new Keystone({ authUrl: `${this.standIn.url}/v3`, credentials, transport, now: Date.now }),
    );
    return new OpenStackDiscoverer({
      cloud: new Cloud({ keystone, transport, interface: "public", atOnce: 4 }),
      teamOf: (project) => project,
      rules: {
        loadBalancers: true,
        servers: { serviceKey: "service", portKey: "port", teamKey: "team", anyTeam: false, addresses: "fixed" },
        refuse: () => undefined,
      },
      times: { interval: 10, retry: { least: 5, most: 20 } },
    });
  }

  protected have(services: Services): void {
    const servers = Object.entries(services).flatMap(([service, addresses]) =>
      addresses.map((addr) => ({
        id: `${service}-${addr}`,
        name: service,
        status: "ACTIVE",
        metadata: { service, port: "8080" },
        addresses: { net: [{ addr, "OS-EXT-IPS:type": "fixed" }] },
      })),
    );
    this.standIn.servers.set("p1", servers);
  }
}

discoveryContract("openstack", async (services) => new CloudWorld(await OpenStackStandIn.start(), services));
