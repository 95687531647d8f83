import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { createSecureServer, type Http2Stream } from "node:http2";
import { join } from "node:path";
import { test } from "node:test";
import type { TLSSocket } from "node:tls";
import { promisify } from "node:util";
import { type BootstrapSettings, bootstrap } from "#envoy/bootstrap.ts";
import { validateBootstrap } from "#envoy/binary.ts";
import { type ControlPlaneTls, controlPlaneSecretFiles } from "#envoy/control-plane-cluster.ts";
import type { JsonObject } from "#envoy/json.ts";
import { overloadLimits } from "#envoy/overload.ts";
import { statsMatcher } from "#envoy/stats-inclusion.ts";
import { type Certificate, certificateAuthority } from "./support/certificate.ts";
import { freePort, listeningPort } from "./support/free-port.ts";
import { requiredBinary } from "./support/required-binary.ts";
import { TestEnvoy } from "./support/static-envoy.ts";
import { temporaryDirectory } from "./support/temp-dir.ts";
import { silentLogger } from "#lib/log.ts";

const MACHINE = { memoryBytes: 2 ** 30, openFiles: 1024 };

function settings(directory: string, changed: Partial<BootstrapSettings> = {}): BootstrapSettings {
  return {
    node: { id: "one", cluster: "binnacle", metadata: { rack: "7" } },
    adminSocket: join(directory, "admin.sock"),
    xds: { type: "socket", path: join(directory, "xds.sock") },
    accessLog: { type: "socket", path: join(directory, "als.sock") },
    stats: { address: "127.0.0.1", port: 8601, matcher: statsMatcher(), histogramBuckets: [], tags: [] },
    limits: overloadLimits(MACHINE, { maxHeapMiB: undefined, maxConnections: undefined }),
    ...changed,
  };
}

test("Envoy accepts every bootstrap that we write, and says nothing of old fields", async (t) => {
  await using directory = await temporaryDirectory("bootstrap");
  const { path } = directory;
  const remote = { type: "tcp", host: "control.example", port: 18000, tls: writeTls(path, "control.example") } as const;
  const stats = settings(path).stats;
  const cases: Record<string, Partial<BootstrapSettings>> = {
    local: {},
    remote: { xds: remote, accessLog: remote },
    "IPv6 statistics": { stats: { ...stats, address: "::1" } },
    "own buckets and tags": {
      stats: {
        ...stats,
        histogramBuckets: [{ match: { suffix: "upstream_rq_time" }, buckets: [0.5, 1, 5] }],
        tags: [{ tag_name: "x", regex: "^x\\.((.+?)\\.)" }],
      },
    },
    "a heap of its own": { limits: overloadLimits(MACHINE, { maxHeapMiB: 512, maxConnections: 7 }) },
  };
  for (const [name, changed] of Object.entries(cases)) {
    await t.test(name, async () => {
      const file = join(path, "bootstrap.json");
      writeFileSync(file, JSON.stringify(bootstrap(settings(path, changed))));
      const args = ["--mode", "validate", "--config-path", file, "--disable-hot-restart", "--log-level", "warning"];
      const { stderr } = await promisify(execFile)(requiredBinary("BINNACLE_ENVOY"), args);
      assert.doesNotMatch(stderr, /deprecat|warning/i);
    });
  }
});

test("Envoy's words about a bootstrap that it refuses are told, without the bootstrap", async () => {
  await using directory = await temporaryDirectory("bootstrap");
  const file = join(directory.path, "bootstrap.json");
  const broken: JsonObject = { ...bootstrap(settings(directory.path)), overload_manager: { no_such_field: 1 } };
  writeFileSync(file, JSON.stringify(broken));
  await assert.rejects(
    validateBootstrap(requiredBinary("BINNACLE_ENVOY"), file),
    (error: Error) => /Envoy refuses .*no_such_field/s.test(error.message) && error.message.length < 1000,
  );
});

test("a remote control plane is reached with certificates on both sides, and a new one is used when it is there", async (t) => {
  await using directory = await temporaryDirectory("mtls");
  const { path } = directory;
  const authority = certificateAuthority();
  const tls = writeTls(path, "control.example", authority.cert, authority.issue(["envoy-1"]));
  const streams = new EventEmitter<{ stream: [Http2Stream, Client] }>();
  const server = createSecureServer({
    ...authority.issue(["control.example"]),
    ca: authority.cert,
    requestCert: true,
    rejectUnauthorized: true,
  });
  server.on("stream", (stream) => streams.emit("stream", stream, clientOf(stream)));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());

  const xds = { type: "tcp", host: "127.0.0.1", port: listeningPort(server), tls } as const;
  const first = once(streams, "stream");
  const statsPort = await freePort();
  const stats = { ...settings(path).stats, port: statsPort };
  const envoyDirectory = join(path, "envoy");
  mkdirSync(envoyDirectory);
  await using envoy = new TestEnvoy({
    binary: requiredBinary("BINNACLE_ENVOY"),
    directory: envoyDirectory,
    bootstrap: bootstrap(settings(path, { xds, stats })),
    adminSocket: join(path, "admin.sock"),
    hotRestartSocket: join(path, "hr"),
    concurrency: 1,
    ports: [],
    logger: silentLogger,
  });
  await envoy.start(t.signal);
  let [stream, client] = await first;
  assert.deepEqual(client, { name: "envoy-1", authorized: true });

  writeCertificate(tls, authority.issue(["envoy-2"]));
  // Envoy reads it when the folder changes, and uses it for its next connection.
  while (client.name !== "envoy-2") {
    const next = once(streams, "stream");
    stream.session?.destroy();
    [stream, client] = await next;
  }
  assert.equal(client.authorized, true);
  await envoy.drainAndStop(0);
});

interface Client {
  readonly name: unknown;
  readonly authorized: boolean;
}

function clientOf(stream: Http2Stream): Client {
  // A proxy for the socket, which cannot be asked what it is.
  const socket = stream.session?.socket as TLSSocket | undefined;
  assert.ok(socket !== undefined);
  return { name: socket.getPeerCertificate().subject.CN, authorized: socket.authorized };
}

function writeTls(path: string, serverName: string, ca?: string, client?: Certificate): ControlPlaneTls {
  const authority = certificateAuthority();
  const tls: ControlPlaneTls = {
    certificateFile: join(path, "client", "cert.pem"),
    keyFile: join(path, "client", "key.pem"),
    certificateDirectory: join(path, "client"),
    caFile: join(path, "ca", "ca.pem"),
    caDirectory: join(path, "ca"),
    serverName,
    secretsDirectory: join(path, "secrets"),
  };
  for (const folder of [tls.certificateDirectory, tls.caDirectory, tls.secretsDirectory]) mkdirSync(folder);
  writeFileSync(tls.caFile, ca ?? authority.cert);
  writeCertificate(tls, client ?? authority.issue(["client"]));
  for (const [file, secret] of Object.entries(controlPlaneSecretFiles(tls))) {
    writeFileSync(file, JSON.stringify(secret));
  }
  return tls;
}

/** Moved into place, as a renewal should do it. */
function writeCertificate(tls: ControlPlaneTls, { cert, key }: Certificate): void {
  for (const [file, text] of [
    [tls.keyFile, key],
    [tls.certificateFile, cert],
  ] as const) {
    writeFileSync(`${file}.new`, text);
    renameSync(`${file}.new`, file);
  }
}
