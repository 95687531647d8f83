import { z } from "zod";
import { describeValue } from "#lib/describe-value.ts";
import { text } from "#lib/schema-rules.ts";
import { checkDnsLabel } from "#resources/names.ts";
import { count, path, url } from "../setting.ts";
import { cycleSettings, instanceSettings } from "./instance-settings.ts";

const word = () => z.string().min(1);

/** Regions are part of names of services and of Amazon's host names. */
const region = text(checkDnsLabel);

const id = (kind: string) =>
  text((value) =>
    new RegExp(`^${kind}-[0-9a-z]+$`).test(value)
      ? undefined
      : { message: `found ${describeValue(value)}, expected an id such as ${kind}-0123456789abcdef0` },
  );

/** `backends[].ec2` */
export function ec2Platform(fromHere: (path: string) => string) {
  return z.strictObject({
    regions: z
      .array(region)
      .min(1)
      .refine((regions) => new Set(regions).size === regions.length, "names a region twice")
      .describe(
        "The regions whose instances are found; with more than one the region is the end of a service's name: `web-eu-west-1`.",
      ),
    endpoint: url()
      .exactOptional()
      .describe(
        "Where all its regions are asked instead of Amazon's own addresses: of compatible clouds and VPC endpoints.",
      ),
    caFile: path(fromHere)
      .exactOptional()
      .describe("PEM file of who may have signed the API's certificate, instead of the machine's own authorities."),
    profile: word()
      .exactOptional()
      .describe(
        "A profile of the shared files, which may assume a role. Without one: environment, default profile, container, instance profile.",
      ),
    credentialsFile: path(fromHere)
      .exactOptional()
      .describe("The shared credentials file, instead of `~/.aws/credentials`."),
    ...cycleSettings,
    atOnce: count(1, 100).default(4).describe("How many requests may be under way at once."),
    pageSize: count(5, 1000).default(500).describe("How many instances a request asks for."),
    ...instanceSettings({
      instance: "instance",
      tag: "tag",
      separator: ".",
      key: word(),
      addresses: "Which address of an instance is used: the private or public IPv4 one, or its first IPv6 one.",
    }),
    vpcs: z.array(id("vpc")).default([]).describe("The VPCs whose instances are found; all of them when empty."),
    subnets: z.array(id("subnet")).default([]).describe("The same of subnets."),
  });
}
