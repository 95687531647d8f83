import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { runningEnvoys } from "#envoy/running-envoys.ts";
import { ApplianceHome } from "./support/appliance-home.ts";
import { certificateAuthority } from "./support/certificate.ts";
import { Http3Client } from "./support/http3-client.ts";
import { ingress, service, tlsSecret, together } from "./support/manifests.ts";
import { until } from "./support/until.ts";
import { Upstream } from "./support/upstream.ts";

test("HTTP/3 goes on while nobody controls Envoy, and when another Envoy takes the place of the first", async () => {
  const authority = certificateAuthority();
  await using upstream = await Upstream.start();
  await using home = await ApplianceHome.create("h3life");
  await home.write(
    "manifests/app.yaml",
    together(
      service("team", "app", [upstream]),
      tlsSecret("team", "cert", authority.issue(["shop.test"])),
      ingress("team", "app", "shop.test", "app", { secret: "cert" }),
    ),
  );
  const settings = `sources: {directory: manifests}\nupstreams: {allowLocal: [${upstream.port}]}`;
  const http3 = (config: string) => config.replace("protocol: https}", "protocol: https, http3: true}");
  await home.configure(settings, http3);
  const envoys = () => runningEnvoys(join(home.state, "envoy"));

  await using first = await home.serve();
  await using client = await Http3Client.start(home.https, ["shop.test"], authority.cert);
  const served = () => client.get("shop.test", "/");
  await until(served, { accept: ({ status }) => status === 200, what: "HTTP/3" });
  const [before] = envoys();
  await first.kill();
  assert.equal((await served()).status, 200);

  // Another bootstrap: the next control plane starts an Envoy that takes over, while the first ends what it has.
  await home.configure(settings, (config) => http3(config).replace("envoy: {", "envoy: {maxConnections: 9000, "));
  await using second = home.start();
  const started = new AbortController();
  const noted = second.ready(home.api).finally(() => started.abort());
  const statuses = new Set<number>();
  while (!started.signal.aborted) statuses.add((await served()).status);
  await noted;
  await until(envoys, {
    accept: (running) => running.some(({ identity }) => identity.pid !== before?.identity.pid),
    what: "the next Envoy",
  });
  await using other = await Http3Client.start(home.https, ["shop.test"], authority.cert);
  for (let request = 0; request < 20; request++)
    for (const one of [client, other]) statuses.add((await one.get("shop.test", "/")).status);
  assert.deepEqual([...statuses], [200]);
  assert.equal(await second.stop(), 0);
});
