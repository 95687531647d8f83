import { z } from "zod";
import { describeValue } from "#lib/describe-value.ts";
import { type Report, rule, text } from "#lib/schema-rules.ts";
import { hostAndPort, path, settingKinds } from "./setting.ts";

const serverName = text((value) =>
  /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/i.test(value)
    ? undefined
    : { message: `found ${describeValue(value)}, expected a DNS name` },
);
settingKinds.add(serverName, { takes: "DNS name" });

/** `gateway` of a backend: what its upstreams are reached through. */
export function gateway(fromHere: (path: string) => string) {
  return z
    .strictObject({
      address: hostAndPort().describe("Where it takes connections: a name or an IP address, and a port."),
      protocol: z
        .enum(["http1", "http2"])
        .default("http1")
        .describe("http1 for any proxy that knows CONNECT; http2 for an Envoy, where tunnels share connections."),
      tls: z
        .strictObject({
          caFile: path(fromHere).describe("PEM file of the authority that signs the gateway's certificate."),
          serverName: serverName
            .exactOptional()
            .describe("The name that its certificate has to be for; that of the address unless given."),
          certificateFile: path(fromHere)
            .exactOptional()
            .describe("PEM file of the certificate chain that the gateway is shown."),
          keyFile: path(fromHere).exactOptional().describe("PEM file of its private key."),
        })
        .check(rule(checkPair))
        .exactOptional()
        .describe("TLS on the way to the gateway; what is in the tunnel is encrypted, or not, as without one."),
    })
    .check(rule(checkServerName));
}

function checkPair(
  { certificateFile, keyFile }: { readonly certificateFile?: unknown; readonly keyFile?: unknown },
  report: Report,
): void {
  if ((certificateFile === undefined) === (keyFile === undefined)) return;
  const [missing, other] = keyFile === undefined ? ["keyFile", "certificateFile"] : ["certificateFile", "keyFile"];
  report([missing], `missing, and ${other} is given`, "add it, or remove the other one");
}

/** Certificates are seldom issued for addresses, and SNI has none (RFC 6066 §3). */
function checkServerName(
  { address, tls }: { readonly address?: unknown; readonly tls?: unknown },
  report: Report,
): void {
  if (typeof address !== "string" || typeof tls !== "object" || tls === null || "serverName" in tls) return;
  if (/^(\[|[\d.]+:)/.test(address))
    report(["tls", "serverName"], "missing, and the address is an IP address", "add the name of its certificate");
}
