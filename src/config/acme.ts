import { z } from "zod";
import { describeValue } from "#lib/describe-value.ts";
import { type Report, rule, text } from "#lib/schema-rules.ts";
import { duration, path, settingKinds, TEN_YEARS } from "./setting.ts";

const directoryUrl = text((value) => {
  const url = URL.parse(value);
  if (url?.protocol === "https:" && url.username === "") return undefined;
  return {
    message: `found ${describeValue(value)}, expected the https:// address of an ACME directory`,
    fix: "Let's Encrypt's is https://acme-v02.api.letsencrypt.org/directory",
  };
});
settingKinds.add(directoryUrl, { takes: "https:// address" });

const email = text((value) =>
  /^[^\s@]+@[^\s@]+$/.test(value)
    ? undefined
    : { message: `found ${describeValue(value)}, expected one e-mail address` },
);
settingKinds.add(email, { takes: "e-mail address" });

/** `acme`: where certificates are ordered from. */
export function acme(fromHere: (path: string) => string) {
  return z
    .strictObject({
      directory: directoryUrl.describe("The directory of the ACME server (RFC 8555)."),
      agreeToTerms: z
        .boolean()
        .default(false)
        .describe("Whether you agree to the server's terms of service; without it nothing is ordered."),
      email: email.exactOptional().describe("Where the server may write to about the account."),
      caFile: path(fromHere)
        .exactOptional()
        .describe(
          "PEM file of the authorities that the server's own certificate is checked with, for a server of your own; the public ones unless given.",
        ),
      profile: text(() => undefined)
        .exactOptional()
        .describe("One of the server's certificate profiles, such as Let's Encrypt's shortlived."),
      keyType: z
        .enum(["ecdsa-p256", "ecdsa-p384", "rsa-2048", "rsa-4096"])
        .default("ecdsa-p256")
        .describe("The kind of key of new certificates; each has a new one."),
      renewBefore: duration(60_000, TEN_YEARS)
        .prefault("30d")
        .describe(
          "How long before its end a certificate is renewed; one that lives less than three times as long when a third of its life is left.",
        ),
    })
    .check(rule(checkTerms));
}

function checkTerms({ agreeToTerms }: Readonly<Partial<Record<"agreeToTerms", unknown>>>, report: Report): void {
  if (agreeToTerms === true) return;
  report(
    ["agreeToTerms"],
    "no certificate is issued to somebody who does not agree to the server's terms of service",
    "read them (the directory's meta.termsOfService) and write agreeToTerms: true, or remove acme",
  );
}
