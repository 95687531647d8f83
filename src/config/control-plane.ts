import { z } from "zod";
import { describeValue } from "#lib/describe-value.ts";
import { type Report, rule, text } from "#lib/schema-rules.ts";
import { checkHost } from "#resources/names.ts";
import { address, isLoopback, path, port, settingKinds } from "./setting.ts";
import { users } from "./users.ts";

type FromHere = (path: string) => string;

/** `api`: console, API, WebSocket, metrics and health. */
export function api(fromHere: FromHere) {
  return z
    .strictObject({
      address: address().default("127.0.0.1").describe("Where it listens; beyond loopback only with TLS."),
      port: port().default(8600).describe("The port it listens on."),
      tls: z
        .strictObject({
          certificateFile: path(fromHere).describe("PEM file of the certificate chain, the leaf first."),
          keyFile: path(fromHere).describe("PEM file of the private key."),
        })
        .exactOptional()
        .describe("Certificate of the API; without it the API speaks plain HTTP, on loopback only."),
      allowedHosts: z
        .array(text(checkHost))
        .default([])
        .describe(
          "Host names, besides the address itself, by which browsers may reach it; others are refused (DNS rebinding).",
        ),
      users: users.describe("Who may come in besides whoever has the token of the state directory."),
    })
    .check(rule(checkOpenApi))
    .prefault({});
}

const certificateName = text((value) =>
  /^[!-~]+$/.test(value)
    ? undefined
    : {
        message: `found ${describeValue(value)}, expected a DNS name, an IP address or a URI as certificates carry it`,
      },
);
settingKinds.add(certificateName, { takes: "certificate name" });

/** `xds`: Envoys on other machines. The local one uses a Unix socket. */
export function xds(fromHere: FromHere) {
  return z
    .strictObject({
      remote: z
        .strictObject({
          address: address().describe("Where it listens for Envoys of other machines."),
          port: port().default(18000).describe("The port for configuration (xDS)."),
          accessLogPort: port().default(18001).describe("The port for log entries and totals."),
          certificateFile: path(fromHere).describe("PEM file of the control plane's certificate chain."),
          keyFile: path(fromHere).describe("PEM file of its private key."),
          clientCaFile: path(fromHere).describe("PEM file of the authority that signs the Envoys' certificates."),
          allowedNames: z
            .array(certificateName)
            .min(1)
            .exactOptional()
            .describe(
              "DNS names, IP addresses or URIs of which an Envoy's certificate must carry one; without it every certificate of the authority lets in.",
            ),
        })
        .exactOptional()
        .describe("Lets Envoys of other machines connect, with certificates on both sides; off when absent."),
    })
    .prefault({});
}

/** `log`: the control plane's own log, on standard error. */
export const log = z
  .strictObject({
    level: z
      .enum(["debug", "info", "warn", "error"])
      .default("info")
      .describe("The least severe lines that are written."),
    format: z
      .enum(["text", "json"])
      .default("text")
      .describe("text for people, json for collectors: one object a line."),
  })
  .prefault({});

function checkOpenApi({ address, tls }: { readonly address?: unknown; readonly tls?: unknown }, report: Report): void {
  if (tls !== undefined || isLoopback(address) || typeof address !== "string") return;
  const reason = "without TLS its token would cross the network in the clear";
  report(["address"], `found ${address}, which is beyond loopback; ${reason}`, "add tls, or write 127.0.0.1");
}
