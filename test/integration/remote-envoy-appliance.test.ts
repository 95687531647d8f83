import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { certificateAuthority } from "./support/certificate.ts";
import { EnvoyUnderTest } from "./support/envoy-under-test.ts";
import { freePorts } from "./support/free-port.ts";
import { httpGet } from "./support/http-get.ts";
import { ingress, service } from "./support/manifests.ts";
import { temporaryDirectory } from "./support/temp-dir.ts";
import { until } from "./support/until.ts";
import { Upstream } from "./support/upstream.ts";

const CLI = resolve(import.meta.dirname, "../../src/cli.ts");

test("an operator adds an Envoy on another machine: the script prepares it, status and top show it", async () => {
  await using upstream = await Upstream.start();
  await using home = await temporaryDirectory("remote-life");
  const at = (...parts: readonly string[]): string => join(home.path, ...parts);
  const [http = 0, https = 0, api = 0, stats = 0, xds = 0, accessLog = 0] = await freePorts(6);
  const authority = certificateAuthority();
  for (const folder of ["manifests", "tls"]) mkdirSync(at(folder));
  writeFileSync(
    at("manifests", "app.yaml"),
    [service("team", "app", [upstream]), ingress("team", "app", "app.test", "app")].join("---\n"),
  );
  const { cert, key } = authority.issue(["control.test"]);
  for (const [name, content] of Object.entries({ "cert.pem": cert, "key.pem": key, "ca.pem": authority.cert })) {
    writeFileSync(at("tls", name), content);
  }
  writeFileSync(
    at("binnacle.yaml"),
    `
listeners:
- { name: http, address: 127.0.0.1, port: ${http}, protocol: http }
- { name: https, address: 127.0.0.1, port: ${https}, protocol: https }
envoy: { statsPort: ${stats}, concurrency: 1, drainTime: 1s }
api: { port: ${api} }
upstreams: { allowLocal: [${upstream.port}] }
xds:
  remote:
    address: 127.0.0.1
    port: ${xds}
    accessLogPort: ${accessLog}
    certificateFile: tls/cert.pem
    keyFile: tls/key.pem
    clientCaFile: tls/ca.pem
    allowedNames: [edge-1.test]
monitoring:
  prometheus: { enabled: false }
  alertmanager: { enabled: false }
  nodeExporter: { enabled: false }
  grafana: { enabled: false }
`,
  );
  const places = ["--config", at("binnacle.yaml")];
  const state = ["--state", at("state")];
  const appliance = spawn(process.execPath, [CLI, "up", ...places, ...state], { stdio: ["ignore", "pipe", "pipe"] });
  const [output, errors] = [text(appliance.stdout), text(appliance.stderr)];
  const ended = once(appliance, "exit");
  try {
    await until(() => httpGet({ port: api }, "/readyz", { host: `127.0.0.1:${api}` }), {
      accept: ({ status }) => status === 200,
      what: "the appliance to be ready",
      timeoutMs: 60_000,
    });
    const flags = ["--id", "edge-1", "--host", "127.0.0.1", "--server-name", "control.test"];
    const folders = ["--directory", at("edge"), "--runtime-directory", at("run")];
    const script = await command("remote-envoy", ...flags, ...folders, ...places);
    const prepare = spawn("sh", ["-s"], { stdio: ["pipe", "inherit", "inherit"] });
    // Its statistics listener is on another machine in life, and beside the first one's here.
    prepare.stdin.end(script.replaceAll(`"port_value": ${stats}`, `"port_value": 0`));
    assert.deepEqual(await once(prepare, "exit"), [0, null]);
    const client = authority.issue(["edge-1.test"]);
    writeFileSync(at("edge", "client", "certificate.pem"), client.cert);
    writeFileSync(at("edge", "client", "key.pem"), client.key);
    writeFileSync(at("edge", "ca", "ca.pem"), authority.cert);
    await using edge = await EnvoyUnderTest.of(at("edge", "envoy.json"), at("run", "admin.sock"));
    await until(
      async () => {
        await httpGet({ port: http }, "/", { host: "app.test" });
        return edge.stat("cluster.local/team/app/80.upstream_rq_total");
      },
      { what: "the remote Envoy to take requests", timeoutMs: 30_000 },
    );

    const status = await until(() => command("status", ...state), {
      accept: (words) => /envoy edge-1 +connected/.test(words),
      what: "the remote Envoy in status",
    });
    assert.match(status, /envoy edge-1 +connected +configuration accepted, from 127\.0\.0\.1:\d+ as edge-1\.test/);
    const top = await until(() => command("top", "--once", ...state), {
      accept: (words) => /^edge-1 +yes +/m.test(words),
      what: "the remote Envoy in top",
      timeoutMs: 30_000,
    });
    assert.match(top, /^ENVOY +HEARD +REQ\/S/m);
    const filtered = await command("top", "--once", "--envoy", "edge-1", ...state);
    assert.match(filtered, /^app\.test +/m);
  } finally {
    appliance.kill("SIGTERM");
    const [code] = (await ended) as [number | null];
    assert.equal(code, 0, `${await output}${await errors}`);
  }
});

/** What the command line prints. Throws with what it says when it fails. */
async function command(...args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const [[code], said, complained] = await Promise.all([once(child, "exit"), text(child.stdout), text(child.stderr)]);
  if (code !== 0) throw new Error(`binnacle ${args.join(" ")} ended with ${String(code)}: ${complained}${said}`);
  return said;
}
