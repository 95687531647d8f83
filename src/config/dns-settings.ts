import { isIP } from "node:net";
import { z } from "zod";
import { describeValue } from "#lib/describe-value.ts";
import { type Report, text } from "#lib/schema-rules.ts";
import { duration, settingKinds } from "./setting.ts";

const serverAddress = text((value) => {
  const [, bracketed, plain, port = "53"] = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(value) ?? [];
  const isRight =
    isIP(value) === 6 ||
    (isIP(bracketed ?? plain ?? "") === (bracketed === undefined ? 4 : 6) &&
      Number(port) >= 1 &&
      Number(port) <= 65535);
  return isRight ? undefined : { message: `found ${describeValue(value)}, expected an IP address, or address:port` };
});
settingKinds.add(serverAddress, { takes: "server" });

/** How names are asked for in DNS. */
export const dnsSettings = {
  servers: z
    .array(serverAddress)
    .default([])
    .describe(
      "The servers that are asked, as address or address:port, the next where one does not answer; the machine's own when empty.",
    ),
  timeout: duration().prefault("2s").describe("How long a server may take; each is asked twice."),
  minimumTtl: duration()
    .prefault("5s")
    .describe("The least time after which a name is asked for again, whatever its time to live."),
  maximumTtl: duration().prefault("5m").describe("The most."),
};

export function checkTtls(
  { minimumTtl, maximumTtl }: Readonly<Partial<Record<"minimumTtl" | "maximumTtl", unknown>>>,
  report: Report,
): void {
  if (typeof minimumTtl === "number" && typeof maximumTtl === "number" && minimumTtl > maximumTtl)
    report(["minimumTtl"], "found more than maximumTtl", "raise the maximum or lower the minimum");
}
