import assert from "node:assert/strict";
import { test } from "node:test";
import { certificateAuthority } from "./support/certificate.ts";
import { Gateway } from "./support/gateway.ts";
import { handshake } from "./support/handshake.ts";
import { ingress, service, tlsSecret, together } from "./support/manifests.ts";
import { until } from "./support/until.ts";
import { Upstream } from "./support/upstream.ts";

test("names that clients think of do not fill Envoy's memory: the oldest are given up and asked for again", async () => {
  await using upstream = await Upstream.start();
  await using gateway = await Gateway.start({ mostBorrowed: 20 });
  const pair = tlsSecret("team", "all", certificateAuthority().issue(["default.test"]));
  gateway.apply(
    together(service("team", "shop", [upstream]), ingress("team", "all", "", "shop", { secret: "all" }), pair),
  );
  await gateway.open();
  const active = async (): Promise<number> => {
    const secrets = JSON.parse(await gateway.admin("/config_dump?resource=dynamic_active_secrets")) as {
      configs?: unknown[];
    };
    return secrets.configs?.length ?? 0;
  };
  for (let name = 0; name < 60; name++) {
    const found = await handshake(gateway.httpsPort, { servername: `n${name}.test` });
    assert.ok("name" in found, `n${name}: ${JSON.stringify(found)}`);
  }
  await until(active, { accept: (count) => count <= 20, what: "at most 20 secrets in Envoy" });
  assert.deepEqual(await handshake(gateway.httpsPort, { servername: "n0.test" }), {
    name: "default.test",
    protocol: "TLSv1.3",
  });
});
