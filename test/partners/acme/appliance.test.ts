import assert from "node:assert/strict";
import { test } from "node:test";
import { ApplianceHome } from "../../integration/support/appliance-home.ts";
import { DnsServer } from "../../integration/support/dns-server.ts";
import { trustedPeer } from "../../integration/support/handshake.ts";
import { until } from "../../integration/support/until.ts";
import { asking } from "./support/acme-bed.ts";
import { Pebble } from "./support/pebble.ts";

test("the appliance orders what a manifest asks for, and killed while the server is away serves it on after its next start", async () => {
  await using home = await ApplianceHome.create("acme");
  const { http: httpPort, https: httpsPort } = home;
  await using dns = await DnsServer.start(["* A 127.0.0.1"]);
  await using pebble = await Pebble.start({ httpPort, dns: dns.place });
  const ca = await pebble.root();
  const serial = async (): Promise<string> => (await trustedPeer(httpsPort, "shop.test", ca)).serialNumber;
  const { directory, caFile } = pebble;
  const acme = JSON.stringify({ directory, caFile, agreeToTerms: true, email: "platform@example.com" });
  await home.configure(`sources: {directory: manifests}\nacme: ${acme}`);
  await home.write("manifests/shop.yaml", asking("shop", ["shop.test"]));

  const first = home.start();
  const issued = await until(serial, { what: "the certificate to be served", timeoutMs: 60_000 }).catch(
    (error: unknown) => {
      throw new Error(first.output, { cause: error });
    },
  );
  await first.kill();
  await pebble.kill();
  await using next = home.start();
  await until(() => /objects from/.test(next.output), { what: "the next start", timeoutMs: 60_000 });
  assert.equal(await serial(), issued);
  assert.equal(await next.stop(), 0);
});
