import { z } from "zod";
import { describeValue } from "#lib/describe-value.ts";
import { text } from "#lib/schema-rules.ts";
import { path, url } from "../setting.ts";
import { cycleSettings, instanceSettings } from "./instance-settings.ts";

const word = () => z.string().min(1);

const region = text((value) =>
  /^[A-Z]{3}[0-9]?$/.test(value)
    ? undefined
    : {
        message: `found ${describeValue(value)}, expected a region such as DFW`,
        ...(/^[a-z]{3}[0-9]?$/.test(value) ? { fix: `write ${value.toUpperCase()}` } : {}),
      },
);

/** `backends[].rackspace` */
export function rackspacePlatform(fromHere: (path: string) => string) {
  return z.strictObject({
    username: word().describe("A user of the account, best one with the role `nova:observer` alone."),
    apiKeyFile: path(fromHere).describe("File that holds the user's API key; read at each authentication."),
    regions: z
      .array(region)
      .min(1)
      .refine((regions) => new Set(regions).size === regions.length, "names a region twice")
      .describe(
        "The regions whose servers are found; with more than one the region is the end of a service's name: `web-dfw`.",
      ),
    identityUrl: url()
      .default("https://identity.api.rackspacecloud.com/v2.0")
      .describe("Where its identity API of version 2.0 is, which names the others."),
    caFile: path(fromHere)
      .exactOptional()
      .describe("PEM file of who may have signed the APIs' certificates, instead of the machine's own authorities."),
    ...cycleSettings,
    ...instanceSettings({
      instance: "server",
      tag: "item of metadata",
      separator: ".",
      key: word(),
      addresses:
        "Which address of a server is used: the first IPv4 one of ServiceNet or of the public network, or its first public IPv6 one.",
    }),
  });
}
