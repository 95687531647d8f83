import { z } from "zod";
import { text } from "#lib/schema-rules.ts";
import { checkDnsLabel } from "#resources/names.ts";
import { duration } from "../setting.ts";

/** Of each platform whose API is asked for everything again and again. */
export const cycleSettings = {
  interval: duration(1000).prefault("30s").describe("How long after a cycle the next begins."),
  timeout: duration().prefault("10s").describe("How long a request may take."),
};

export interface InstanceWords {
  /** What the platform calls a machine: `instance`, `droplet`. */
  readonly instance: string;
  /** Where its owners write what it is for: `tag`, `item of metadata`. */
  readonly tag: string;
  /** Between the words of the keys. */
  readonly separator: "." | "-";
  /** A key. */
  readonly key: z.ZodString;
  /** Which addresses are used. */
  readonly addresses: string;
}

/** What a machine's tags and addresses mean, on each platform that has machines. */
export function instanceSettings({ instance, tag, separator, key, addresses }: InstanceWords) {
  return {
    serviceKey: key
      .default(`binnacle${separator}service`)
      .describe(`The key of the ${tag} that names the service of ${article(instance)}.`),
    portKey: key.default(`binnacle${separator}port`).describe("The key that names its port."),
    teamKey: key
      .default(`binnacle${separator}team`)
      .describe("The key that names its team, which `namespaces` chooses and maps."),
    team: text(checkDnsLabel).exactOptional().describe(`The team of ${instance}s without that ${tag}.`),
    addresses: z.enum(["private", "public", "ipv6"]).default("private").describe(addresses),
  };
}

function article(word: string): string {
  return `${/^[aeiou]/.test(word) ? "an" : "a"} ${word}`;
}
