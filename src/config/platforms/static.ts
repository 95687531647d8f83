import { isIP } from "node:net";
import { z } from "zod";
import { describeValue } from "#lib/describe-value.ts";
import { type Complaint, maps, type Report, reportDuplicates, rule, text } from "#lib/schema-rules.ts";
import { isDnsSubdomain } from "#resources/names.ts";
import { settingKinds } from "../setting.ts";
import { checkServices, writtenService } from "./written-service.ts";

const addressOrName = text(checkAddress);
settingKinds.add(addressOrName, { takes: "IP address or host name" });

const service = z.strictObject({
  ...writtenService,
  addresses: z
    .array(addressOrName)
    .min(1)
    .check(rule(checkAddresses))
    .describe("Where it is: IPv4, IPv6 and host names, each with every port."),
});

/** `backends[].static` */
export const staticPlatform = z.strictObject({
  services: z.array(service).min(1).check(rule(checkServices)).describe("The services."),
});

function checkAddress(value: string): Complaint | undefined {
  if (isIP(value) !== 0 && !value.includes("%")) return undefined;
  if (isDnsSubdomain(value) && !/(^|\.)\d+$/.test(value)) return undefined;
  const message = `found ${describeValue(value)}, expected an IP address or a host name`;
  return /^[^:]+:\d+$/.test(value) || /^\[.*\]/.test(value)
    ? { message, fix: "write the port under ports" }
    : { message };
}

function checkAddresses(addresses: readonly unknown[], report: Report): void {
  reportDuplicates(
    maps(addresses.map((address) => ({ address }))),
    ({ address }) => (typeof address === "string" ? address : undefined),
    (index, message) => report([index], message, "remove it"),
  );
}
