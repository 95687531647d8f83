import { Ec2Client } from "#discovery/ec2/client/ec2-client.ts";
import { HttpPost } from "#discovery/ec2/client/http-post.ts";
import { ec2Discoverer } from "#discovery/ec2/discoverer.ts";
import type { InstancesDiscoverer } from "#discovery/instances-discoverer.ts";
import { Slots } from "#lib/slots.ts";
import { Ec2StandIn } from "../support/ec2-stand-in.ts";
import { MACHINES, machinesOf, StandInWorld } from "../support/stand-in-world.ts";
import { discoveryContract } from "./discovery-contract.ts";
import type { Services } from "./followed.ts";

/** Instances of one region, in a cloud that is none: a real server is asked by `npm run test:platforms`. */
class Ec2World extends StandInWorld<Ec2StandIn> {
  discoverer(): InstancesDiscoverer {
    const keys = { accessKeyId: "key", secretAccessKey: "secret" };
    return ec2Discoverer({
      client: new Ec2Client({
        credentials: { get: () => Promise.resolve(keys), forget: () => {} },
        http: this.parts.use(new HttpPost({ timeout: 60_000 })),
        slots: new Slots(4),
        endpoint: this.standIn.url,
        pageSize: 5,
        retry: { tries: 2, least: 1, most: 1 },
      }),
      regions: ["eu-west-1"],
      filters: {},
      ...MACHINES,
    });
  }

  protected have(services: Services): void {
    this.standIn.instances.set(
      "eu-west-1",
      machinesOf(services).map(({ service, address }) => ({
        id: `i-${service}-${address}`,
        address,
        tags: { service, port: "8080" },
      })),
    );
  }
}

discoveryContract("ec2", async (services) => new Ec2World(await Ec2StandIn.start(), services));
