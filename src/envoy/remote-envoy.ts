import { join } from "node:path";
import { bootstrap } from "./bootstrap.ts";
import { type ControlPlaneAddress, controlPlaneSecretFiles, type ControlPlaneTls } from "./control-plane-cluster.ts";
import type { JsonObject } from "./json.ts";
import type { OverloadLimits } from "./overload.ts";
import { statsMatcher } from "./stats-inclusion.ts";

/** An Envoy on a machine of its own, and how it finds its control plane. */
export interface RemoteEnvoySettings {
  /** Names it to the control plane and in every view; each Envoy has another. */
  readonly id: string;
  /** The control plane's name or address as Envoy's machine knows it. */
  readonly host: string;
  readonly port: number;
  readonly accessLogPort: number;
  /** A DNS name in the control plane's certificate. */
  readonly serverName: string;
  /** Absolute folders on Envoy's machine: for what stays, and for sockets. */
  readonly directory: string;
  readonly runtimeDirectory: string;
  /** Of Envoy's statistics, on its machine's loopback. */
  readonly statsPort: number;
  readonly limits: OverloadLimits;
}

export interface RemoteEnvoyFiles {
  /** What Envoy is started with. */
  readonly bootstrap: string;
  readonly adminSocket: string;
  /** Where the operator puts the PEM files. */
  readonly tls: ControlPlaneTls;
  /** Content by absolute path; no secret is among it. */
  readonly contents: Readonly<Record<string, JsonObject>>;
}

/** The files that a remote Envoy is started from. */
export function remoteEnvoyFiles(settings: RemoteEnvoySettings): RemoteEnvoyFiles {
  const { id, host, directory, limits } = settings;
  const tls: ControlPlaneTls = {
    certificateFile: join(directory, "client", "certificate.pem"),
    keyFile: join(directory, "client", "key.pem"),
    certificateDirectory: join(directory, "client"),
    caFile: join(directory, "ca", "ca.pem"),
    caDirectory: join(directory, "ca"),
    serverName: settings.serverName,
    secretsDirectory: join(directory, "secrets"),
  };
  const at = (port: number): ControlPlaneAddress => ({ type: "tcp", host, port, tls });
  const file = join(directory, "envoy.json");
  const adminSocket = join(settings.runtimeDirectory, "admin.sock");
  const config = bootstrap({
    node: { id, cluster: "binnacle", metadata: {} },
    adminSocket,
    xds: at(settings.port),
    accessLog: at(settings.accessLogPort),
    reportsTotals: true,
    stats: { address: "127.0.0.1", port: settings.statsPort, matcher: statsMatcher(), histogramBuckets: [], tags: [] },
    limits,
  });
  return { bootstrap: file, adminSocket, tls, contents: { [file]: config, ...controlPlaneSecretFiles(tls) } };
}

/**
 * The same as a shell script to be run on Envoy's machine, with what is left to do in its comments: what `binnacle` prints
 * for an operator.
 */
export function remoteEnvoyScript(settings: RemoteEnvoySettings): string {
  const { bootstrap: file, tls, contents } = remoteEnvoyFiles(settings);
  const folders = [tls.certificateDirectory, tls.caDirectory, tls.secretsDirectory, settings.runtimeDirectory];
  const written = Object.entries(contents).map(
    ([path, content]) => `cat > ${quoted(path)} <<'${END}'\n${JSON.stringify(content, undefined, 2)}\n${END}\n`,
  );
  return `#!/bin/sh
# Prepares this machine for Envoy "${inComment(settings.id)}" of a Binnacle control plane. Run it as the user that runs Envoy.
#
# 1. Run this script. It writes Envoy's bootstrap, which holds no secret.
# 2. Put these PEM files there; move them into place, so that Envoy sees a renewal:
#      ${inComment(tls.certificateFile)}   the certificate of this Envoy, signed by the authority in xds.remote.clientCaFile
#      ${inComment(tls.keyFile)}   its private key
#      ${inComment(tls.caFile)}   the authority that signed the control plane's certificate
# 3. Start Envoy:
#      envoy --config-path ${inComment(quoted(file))}
set -eu
umask 077
mkdir -p ${folders.map(quoted).join(" ")}
${written.join("")}`;
}

const END = "END_OF_FILE";

/** What a comment cannot be left by. */
function inComment(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, "?");
}

/** One word for a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
