import { z } from "zod";
import { describeValue } from "#lib/describe-value.ts";
import { rule } from "#lib/schema-rules.ts";
import { checkTtls, dnsSettings } from "./dns-settings.ts";
import { settingKinds } from "./setting.ts";

const EVERY_PORT = { from: 1, to: 65535 };

const portRange = z.unknown().transform((value, context): { from: number; to: number } => {
  const range = parseRange(value);
  if (range !== undefined) return range;
  const message = `found ${describeValue(value)}, expected a port, a range such as 9000-9010, or "*"`;
  context.addIssue({ code: "custom", message });
  return z.NEVER;
});
settingKinds.add(portRange, { takes: 'port, range such as 9000-9010, or "*"' });

/** `upstreams`: where traffic may go. */
export const upstreams = z
  .strictObject({
    allowLocal: z
      .array(portRange)
      .prefault([])
      .describe(
        "Ports on which upstreams may be this machine itself: loopback, link-local, unspecified and its own addresses are refused otherwise.",
      ),
    dns: z
      .strictObject(dnsSettings)
      .check(rule(checkTtls))
      .prefault({})
      .describe("How names are looked up that objects have for endpoints; the machine's hosts file goes first."),
    externalName: z.boolean().default(true).describe("Whether Services of type ExternalName may be upstreams."),
  })
  .prefault({});

function parseRange(value: unknown): { from: number; to: number } | undefined {
  if (value === "*") return EVERY_PORT;
  const [, first, last] =
    /^(\d+)(?:-(\d+))?$/.exec(typeof value === "number" ? String(value) : typeof value === "string" ? value : "") ?? [];
  if (first === undefined) return undefined;
  const from = Number(first);
  const to = Number(last ?? first);
  return from >= 1 && to <= 65535 && from <= to ? { from, to } : undefined;
}
