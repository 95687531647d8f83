import { z } from "zod";
import type { Instance } from "../instance.ts";

/** EC2's answers as far as they are read, out of XML: a list is `<set><item>…</item></set>`, and no element is an empty text. */

const absentWhenEmpty = (value: unknown): unknown => (value === "" ? undefined : value);

const word = z.preprocess(absentWhenEmpty, z.string().optional());

function listOf<T extends z.ZodType>(item: T) {
  return z.preprocess((value) => {
    const set = absentWhenEmpty(value);
    if (typeof set !== "object" || set === null || !("item" in set)) return set === undefined ? [] : set;
    return Array.isArray(set.item) ? set.item : [set.item];
  }, z.array(item));
}

export const instanceShape = z
  .object({
    instanceId: z.string(),
    instanceState: z.object({ name: z.string() }),
    privateIpAddress: word,
    ipAddress: word,
    ipv6Address: word,
    placement: z.preprocess(absentWhenEmpty, z.object({ availabilityZone: word }).optional()),
    networkInterfaceSet: listOf(z.object({ ipv6AddressesSet: listOf(z.object({ ipv6Address: z.string() })) })),
    tagSet: listOf(z.object({ key: z.string(), value: z.string() })),
  })
  .transform(({ instanceId, instanceState, privateIpAddress, ipAddress, ipv6Address, ...rest }): Instance => {
    const tags = Object.fromEntries(rest.tagSet.map(({ key, value }) => [key, value]));
    const onInterfaces = rest.networkInterfaceSet.flatMap(({ ipv6AddressesSet }) => ipv6AddressesSet);
    return {
      id: instanceId,
      name: tags["Name"],
      state: STATES[instanceState.name] ?? "idle",
      private: privateIpAddress,
      public: ipAddress,
      ipv6: ipv6Address ?? onInterfaces[0]?.ipv6Address,
      zone: rest.placement?.availabilityZone,
      tags,
    };
  });

/** EC2's states, of which one that is not known here is none to send anything to. */
const STATES: Readonly<Record<string, Instance["state"]>> = {
  running: "running",
  "shutting-down": "ending",
  stopping: "ending",
  terminated: "gone",
};

export const instancesPageShape = z.object({
  DescribeInstancesResponse: z.object({
    reservationSet: listOf(z.object({ instancesSet: listOf(instanceShape) })),
    nextToken: word,
  }),
});

export const errorShape = z.object({
  Response: z.object({ Errors: z.object({ Error: z.object({ Code: z.string(), Message: z.string().default("") }) }) }),
});
