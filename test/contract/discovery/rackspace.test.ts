import { Cloud } from "#discovery/openstack/client/cloud.ts";
import { Keystone } from "#discovery/openstack/client/keystone.ts";
import { Transport } from "#discovery/openstack/client/transport.ts";
import type { InstancesDiscoverer } from "#discovery/instances-discoverer.ts";
import { rackspaceDiscoverer, serversOf } from "#discovery/rackspace/create.ts";
import { RackspaceStandIn, server } from "../support/rackspace-stand-in.ts";
import { MACHINES, machinesOf, StandInWorld } from "../support/stand-in-world.ts";
import { discoveryContract } from "./discovery-contract.ts";
import type { Services } from "./followed.ts";

/** Servers of an account that is none: no real one can be asked here. */
class RackspaceWorld extends StandInWorld<RackspaceStandIn> {
  discoverer(): InstancesDiscoverer {
    const transport = new Transport({ timeout: 60_000 });
    const credentials = () => Promise.resolve({ type: "apiKey", username: "reader", apiKey: "given" } as const);
    const authUrl = `${this.standIn.url}/v2.0`;
    const keystone = this.parts.use(new Keystone({ authUrl, credentials, transport, now: Date.now }));
    return rackspaceDiscoverer({
      regions: ["DFW"],
      servers: (region, signal) =>
        serversOf(new Cloud({ keystone, transport, interface: "public", region, atOnce: 1 }), signal),
      ...MACHINES,
    });
  }

  protected have(services: Services): void {
    const servers = machinesOf(services).map(({ service, address }) =>
      server(`${service}-${address}`, { private: address, metadata: { service, port: "8080" } }),
    );
    this.standIn.servers.set("DFW", servers);
  }
}

discoveryContract("rackspace", async (services) => new RackspaceWorld(await RackspaceStandIn.start(), services));
