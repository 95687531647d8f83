import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { applianceConfig, ApplianceProcess } from "../../integration/support/appliance-process.ts";
import { DnsServer } from "../../integration/support/dns-server.ts";
import { freePorts } from "../../integration/support/free-port.ts";
import { trustedPeer } from "../../integration/support/handshake.ts";
import { temporaryDirectory } from "../../integration/support/temp-dir.ts";
import { until } from "../../integration/support/until.ts";
import { asking } from "./support/acme-bed.ts";
import { Pebble } from "./support/pebble.ts";

test("the appliance orders what a manifest asks for, and killed while the server is away serves it on after its next start", async () => {
  await using home = await temporaryDirectory("acme");
  const ports = await freePorts(4);
  const [httpPort = 0, httpsPort = 0] = ports;
  await using dns = await DnsServer.start(["* A 127.0.0.1"]);
  await using pebble = await Pebble.start({ httpPort, dns: dns.place });
  const ca = await pebble.root();
  const serial = async (): Promise<string> => (await trustedPeer(httpsPort, "shop.test", ca)).serialNumber;
  const { directory, caFile } = pebble;
  const acme = JSON.stringify({ directory, caFile, agreeToTerms: true, email: "platform@example.com" });
  await writeFile(
    join(home.path, "binnacle.yaml"),
    applianceConfig(ports, `sources: {directory: manifests}\nacme: ${acme}`),
  );
  await mkdir(join(home.path, "manifests"));
  await writeFile(join(home.path, "manifests", "shop.yaml"), asking("shop", ["shop.test"]));

  const first = new ApplianceProcess(home.path);
  const issued = await until(serial, { what: "the certificate to be served", timeoutMs: 60_000 }).catch(
    (error: unknown) => {
      throw new Error(first.output, { cause: error });
    },
  );
  await first.kill();
  await pebble.kill();
  await using next = new ApplianceProcess(home.path);
  await until(() => /objects from/.test(next.output), { what: "the next start", timeoutMs: 60_000 });
  assert.equal(await serial(), issued);
  assert.equal(await next.stop(), 0);
});
