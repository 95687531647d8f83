import type { Parameters } from "./client/ec2-client.ts";

export interface InstanceFilters {
  readonly serviceKey: string;
  readonly vpcs: readonly string[];
  readonly subnets: readonly string[];
}

/** What EC2 is asked for, as its query protocol has it: no other instance crosses the wire. */
export function instanceFilters({ serviceKey, vpcs, subnets }: InstanceFilters): Parameters {
  const filters: readonly (readonly [string, readonly string[]])[] = [
    ["tag-key", [serviceKey]],
    ["instance-state-name", ["pending", "running", "shutting-down", "stopping", "stopped"]],
    ["vpc-id", vpcs],
    ["subnet-id", subnets],
  ];
  return Object.fromEntries(
    filters
      .filter(([, values]) => values.length > 0)
      .flatMap(([name, values], index) => [
        [`Filter.${index + 1}.Name`, name],
        ...values.map((value, at) => [`Filter.${index + 1}.Value.${at + 1}`, value] as const),
      ]),
  );
}
