import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { ApplianceHome } from "./support/appliance-home.ts";
import { certificateAuthority } from "./support/certificate.ts";
import { EnvoyUnderTest } from "./support/envoy-under-test.ts";
import { freePorts } from "./support/free-port.ts";
import { httpGet } from "./support/http-get.ts";
import { ingress, service, together } from "./support/manifests.ts";
import { until } from "./support/until.ts";
import { Upstream } from "./support/upstream.ts";

const CLI = resolve(import.meta.dirname, "../../src/cli.ts");

test("an operator adds an Envoy on another machine: the script prepares it, status and top show it", async () => {
  await using upstream = await Upstream.start();
  await using home = await ApplianceHome.create("remote-life");
  const { http } = home;
  const at = (...parts: readonly string[]): string => join(home.path, ...parts);
  const [xds, accessLog] = await freePorts(2);
  const authority = certificateAuthority();
  await home.write(
    "manifests/app.yaml",
    together(service("team", "app", [upstream]), ingress("team", "app", "app.test", "app")),
  );
  const { cert, key } = authority.issue(["control.test"]);
  mkdirSync(at("tls"));
  for (const [name, content] of Object.entries({ "cert.pem": cert, "key.pem": key, "ca.pem": authority.cert })) {
    await home.write(`tls/${name}`, content);
  }
  await home.configure(
    `sources: {directory: manifests}
upstreams: {allowLocal: [${upstream.port}]}
xds:
  remote:
    address: 127.0.0.1
    port: ${xds}
    accessLogPort: ${accessLog}
    certificateFile: tls/cert.pem
    keyFile: tls/key.pem
    clientCaFile: tls/ca.pem
    allowedNames: [edge-1.test]`,
    (config) => config.replace("envoy: {", "envoy: {concurrency: 1, "),
  );
  const places = ["--config", at("binnacle.yaml")];
  const state = ["--state", home.state];
  const appliance = await home.serve();
  try {
    const flags = ["--id", "edge-1", "--host", "127.0.0.1", "--server-name", "control.test"];
    const folders = ["--directory", at("edge"), "--runtime-directory", at("run")];
    const script = await command("remote-envoy", ...flags, ...folders, ...places);
    const prepare = spawn("sh", ["-s"], { stdio: ["pipe", "inherit", "inherit"] });
    // Its statistics listener is on another machine in life, and beside the first one's here.
    prepare.stdin.end(script.replaceAll(`"port_value": ${home.stats}`, `"port_value": 0`));
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
      { what: "the remote Envoy to take requests" },
    );

    const status = await until(() => command("status", ...state), {
      accept: (words) => /envoy edge-1 +connected/.test(words),
      what: "the remote Envoy in status",
    });
    assert.match(status, /envoy edge-1 +connected +configuration accepted, from 127\.0\.0\.1:\d+ as edge-1\.test/);
    const top = await until(() => command("top", "--once", ...state), {
      accept: (words) => /^edge-1 +yes +/m.test(words),
      what: "the remote Envoy in top",
    });
    assert.match(top, /^ENVOY +HEARD +REQ\/S/m);
    const filtered = await command("top", "--once", "--envoy", "edge-1", ...state);
    assert.match(filtered, /^app\.test +/m);
  } finally {
    assert.equal(await appliance.stop(), 0, appliance.output);
  }
});

/** What the command line prints. Throws with what it says when it fails. */
async function command(...args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const [[code], said, complained] = await Promise.all([once(child, "exit"), text(child.stdout), text(child.stderr)]);
  if (code !== 0) throw new Error(`binnacle ${args.join(" ")} ended with ${String(code)}: ${complained}${said}`);
  return said;
}
