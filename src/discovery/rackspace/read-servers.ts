import { isIPv6 } from "node:net";
import { z } from "zod";
import type { Problem } from "#lib/problem.ts";
import type { Instance } from "../instance.ts";
import { readObject } from "../read-object.ts";

const addresses = z.array(z.object({ addr: z.string() })).default([]);

/** A server of Rackspace's Cloud Servers API, version 2, as far as it is read. Its ServiceNet is the network `private`. */
const serverShape = z.object({
  id: z.string(),
  name: z.string().default(""),
  status: z.string(),
  metadata: z.record(z.string(), z.string()).default({}),
  addresses: z.object({ private: addresses, public: addresses }).prefault({}),
});

/** What is resized, rescued, rebuilt or in another state is none to send anything to. */
const STATES: Readonly<Record<string, Instance["state"]>> = { ACTIVE: "running", DELETED: "gone" };

/** Servers of a region as instances. */
export function readServers(
  objects: readonly Readonly<Record<string, unknown>>[],
  region: string,
): { readonly instances: readonly Instance[]; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const instances = objects.flatMap((object) =>
    readObject(object, "servers", serverShape, problems).map(
      ({ id, name, status, metadata, addresses: on }): Instance => {
        const first = (network: readonly { readonly addr: string }[], isV6: boolean) =>
          network.find(({ addr }) => isIPv6(addr) === isV6)?.addr;
        return {
          id,
          name: name === "" ? undefined : name,
          state: STATES[status] ?? "idle",
          private: first(on.private, false),
          public: first(on.public, false),
          ipv6: first(on.public, true),
          zone: region,
          tags: metadata,
        };
      },
    ),
  );
  return { instances, problems };
}
