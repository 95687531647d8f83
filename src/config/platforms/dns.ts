import { isIP } from "node:net";
import { z } from "zod";
import { describeValue } from "#lib/describe-value.ts";
import { type Report, rule, text } from "#lib/schema-rules.ts";
import { checkDnsSubdomain } from "#resources/names.ts";
import { checkTtls, dnsSettings } from "../dns-settings.ts";
import { settingKinds } from "../setting.ts";
import { checkServices, writtenService } from "./written-service.ts";

const hostName = text((value) => {
  if (isIP(value) === 0) return checkDnsSubdomain(value);
  return { message: `found the address ${value}, expected a DNS name`, fix: "use the platform static for addresses" };
});
settingKinds.add(hostName, { takes: "DNS name" });

/** Labels may begin with `_` (RFC 2782), as no host's may. */
const srvName = text((value) =>
  value.length <= 253 && /^_[a-z0-9-]+\._(tcp|udp|sctp)(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)+$/.test(value)
    ? undefined
    : {
        message: `found ${describeValue(value)}, expected the name of SRV records such as _http._tcp.cart.example.com`,
      },
);
settingKinds.add(srvName, { takes: "DNS name" });

const service = z
  .strictObject({
    ...writtenService,
    hosts: z
      .array(hostName)
      .min(1)
      .exactOptional()
      .describe(
        "Names whose addresses (A and AAAA) are its endpoints, each with every port. They are complete: no search list is applied.",
      ),
    srv: srvName
      .exactOptional()
      .describe(
        "Instead of `hosts`: the name of SRV records, whose ports, weights and priorities its only port has on its endpoints.",
      ),
  })
  .check(rule(checkNames))
  .transform(({ hosts = [], srv, ...rest }) => ({ ...rest, names: srv === undefined ? { hosts } : { srv } }));

/** `backends[].dns` */
export const dnsPlatform = z
  .strictObject({
    ...dnsSettings,
    addressTypes: z
      .array(z.enum(["A", "AAAA"]))
      .min(1)
      .default(["A", "AAAA"])
      .describe("Which addresses are asked for: without AAAA where Envoy has no way to IPv6."),
    services: z.array(service).min(1).check(rule(checkServices)).describe("The services."),
  })
  .check(rule(checkTtls));

function checkNames(
  { hosts, srv, ports }: Readonly<Partial<Record<"hosts" | "srv" | "ports", unknown>>>,
  report: Report,
): void {
  if ((hosts === undefined) === (srv === undefined))
    report(
      [],
      hosts === undefined ? "names nothing to ask for" : "has both hosts and srv",
      "give it either hosts or srv",
    );
  if (srv !== undefined && Array.isArray(ports) && ports.length > 1)
    report(["ports"], `found ${ports.length} ports, and SRV records are for one`, "make a service of each");
}
