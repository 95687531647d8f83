import { z } from "zod";
import { describeValue } from "#lib/describe-value.ts";
import { text } from "#lib/schema-rules.ts";
import { count, path, url } from "../setting.ts";
import { cycleSettings, instanceSettings } from "./instance-settings.ts";

/** A tag, or the part of one before its first colon. */
const word = (pattern: RegExp, expected: string) =>
  text((value) =>
    pattern.test(value) ? undefined : { message: `found ${describeValue(value)}, expected ${expected}` },
  );

/** `backends[].digitalocean` */
export function digitaloceanPlatform(fromHere: (path: string) => string) {
  return z.strictObject({
    tokenFile: path(fromHere).describe(
      "File that holds a token of the API with the scopes `droplet:read` and `tag:read`; read in each cycle.",
    ),
    endpoint: url().default("https://api.digitalocean.com").describe("Where the API is."),
    caFile: path(fromHere)
      .exactOptional()
      .describe("PEM file of who may have signed the API's certificate, instead of the machine's own authorities."),
    ...cycleSettings,
    pageSize: count(1, 200).default(200).describe("How many droplets a request asks for."),
    tag: word(/^[\w:-]{1,255}$/, "a tag: letters, digits, '-', '_' and ':'")
      .exactOptional()
      .describe(
        "A tag of the droplets that are asked for, so that no others cross the wire; all of them unless given.",
      ),
    ...instanceSettings({
      instance: "droplet",
      tag: "tag",
      separator: "-",
      key: word(/^[\w-]{1,100}$/, "letters, digits, '-' and '_'"),
      addresses: "Which address of a droplet is used: the private or public IPv4 one, or its public IPv6 one.",
    }),
  });
}
