import { digitalOceanDiscoverer } from "#discovery/digitalocean/create.ts";
import { DropletsClient } from "#discovery/digitalocean/droplets-client.ts";
import type { InstancesDiscoverer } from "#discovery/instances-discoverer.ts";
import { Requests } from "#discovery/pkgcloud/requests.ts";
import { DigitalOceanStandIn, droplet } from "../support/digitalocean-stand-in.ts";
import { MACHINES, machinesOf, StandInWorld } from "../support/stand-in-world.ts";
import { discoveryContract } from "./discovery-contract.ts";
import type { Services } from "./followed.ts";

/** Droplets of an account that is none: no real one can be asked here. */
class DigitalOceanWorld extends StandInWorld<DigitalOceanStandIn> {
  discoverer(): InstancesDiscoverer {
    return digitalOceanDiscoverer({
      client: new DropletsClient({
        endpoint: this.standIn.url,
        token: () => Promise.resolve("given"),
        requests: new Requests({ timeout: 60_000 }),
        pageSize: 2,
      }),
      ...MACHINES,
    });
  }

  protected have(services: Services): void {
    this.standIn.droplets = machinesOf(services).map(({ service, address }, index) =>
      droplet(index + 1, { private: address, tags: [`service:${service}`, "port:8080"] }),
    );
  }
}

discoveryContract(
  "digitalocean",
  async (services) => new DigitalOceanWorld(await DigitalOceanStandIn.start(), services),
);
