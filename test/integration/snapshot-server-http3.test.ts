import assert from "node:assert/strict";
import { test } from "node:test";
import { Http3Client } from "./support/http3-client.ts";
import { ingress, tlsSecret, together } from "./support/manifests.ts";
import { archived, SnapshotServerHome } from "./support/snapshot-server-home.ts";
import { until } from "./support/until.ts";

test("an Envoy that starts while no control plane is there serves HTTP/3, and goes on with it under the next one", async () => {
  await using home = await SnapshotServerHome.create();
  await using first = await home.controlPlane();
  await first.apply(home.manifests());
  await first.do("open");
  await using envoy = await home.envoy();
  await home.serves();
  await archived(first);
  await first.do("flush");
  await first.kill();
  await envoy.kill();

  // Nothing but the archive knows of HTTP/3 from here on: no connection was made before, either.
  await envoy.launch();
  await using client = await Http3Client.start(
    home.http3Port,
    ["shop.test", "blog.test", "nobody.test"],
    home.authority.cert,
  );
  const serves = (host: string): Promise<unknown> =>
    until(() => client.get(host, "/"), { accept: ({ body }) => body === "shop", what: `${host} by HTTP/3` });
  await serves("shop.test");
  const told = (await home.getTls("shop.test")).headers["alt-svc"];
  assert.equal(told, `h3=":${home.http3Port}"; ma=86400`);
  assert.equal((await client.get("nobody.test", "/", "shop.test")).status, 421);
  assert.equal((await client.get("nobody.test", "/")).status, 503);

  const made = await client.connections("shop.test");
  await using second = await home.controlPlane();
  await second.apply(home.manifests());
  await second.do("open");
  await until(() => second.do("look"), { accept: ({ clients }) => clients > 0, what: "the hand-over" });
  await serves("shop.test");
  assert.equal(await client.connections("shop.test"), made, "it is the same connection");
  await second.apply(
    together(
      tlsSecret("team-shop", "blog", home.authority.issue(["blog.test"])),
      ingress("team-shop", "blog", "blog.test", "shop", { secret: "blog" }),
    ),
  );
  await serves("blog.test");

  await archived(second);
  await second.do("flush");
  await second.kill();
  await envoy.kill();
  await envoy.launch();
  for (const host of ["shop.test", "blog.test"]) await serves(host);
});
