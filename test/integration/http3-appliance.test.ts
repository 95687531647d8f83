import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { runningEnvoys } from "#envoy/running-envoys.ts";
import { applianceConfig, ApplianceProcess } from "./support/appliance-process.ts";
import { certificateAuthority } from "./support/certificate.ts";
import { freePorts } from "./support/free-port.ts";
import { Http3Client } from "./support/http3-client.ts";
import { httpGet } from "./support/http-get.ts";
import { ingress, service, tlsSecret, together } from "./support/manifests.ts";
import { temporaryDirectory } from "./support/temp-dir.ts";
import { until } from "./support/until.ts";
import { Upstream } from "./support/upstream.ts";

test("HTTP/3 goes on while nobody controls Envoy, and when another Envoy takes the place of the first", async () => {
  const authority = certificateAuthority();
  await using upstream = await Upstream.start();
  await using home = await temporaryDirectory("h3life");
  const ports = await freePorts(4);
  const [, https = 0, api = 0] = ports;
  await mkdir(join(home.path, "manifests"));
  await writeFile(
    join(home.path, "manifests", "app.yaml"),
    together(
      service("team", "app", [upstream]),
      tlsSecret("team", "cert", authority.issue(["shop.test"])),
      ingress("team", "app", "shop.test", "app", { secret: "cert" }),
    ),
  );
  const settings = `sources: {directory: manifests}\nupstreams: {allowLocal: [${upstream.port}]}`;
  const config = applianceConfig(ports, settings).replace("protocol: https}", "protocol: https, http3: true}");
  const write = (text: string): Promise<void> => writeFile(join(home.path, "binnacle.yaml"), text);
  await write(config);
  const ready = () => httpGet({ port: api }, "/readyz", { host: `127.0.0.1:${api}` });
  const whenReady = { accept: ({ status }: { status: number }) => status === 200, timeoutMs: 60_000 };
  const envoys = () => runningEnvoys(join(home.path, "state", "envoy"));

  await using first = new ApplianceProcess(home.path);
  await until(ready, { ...whenReady, what: "the appliance to be ready" });
  await using client = await Http3Client.start(https, ["shop.test"], authority.cert);
  const served = () => client.get("shop.test", "/");
  await until(served, { accept: ({ status }) => status === 200, what: "HTTP/3" });
  const [before] = envoys();
  await first.kill();
  assert.equal((await served()).status, 200);

  // Another bootstrap: the next control plane starts an Envoy that takes over, while the first ends what it has.
  await write(config.replace("envoy: {", "envoy: {maxConnections: 9000, "));
  await using second = new ApplianceProcess(home.path);
  const started = new AbortController();
  const noted = until(ready, { ...whenReady, what: "the next appliance to be ready" }).finally(() => started.abort());
  const statuses = new Set<number>();
  while (!started.signal.aborted) statuses.add((await served()).status);
  await noted;
  await until(envoys, {
    accept: (running) => running.some(({ identity }) => identity.pid !== before?.identity.pid),
    what: "the next Envoy",
  });
  await using other = await Http3Client.start(https, ["shop.test"], authority.cert);
  for (let request = 0; request < 20; request++)
    for (const one of [client, other]) statuses.add((await one.get("shop.test", "/")).status);
  assert.deepEqual([...statuses], [200]);
  assert.equal(await second.stop(), 0);
});
