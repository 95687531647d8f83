import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { Explanation } from "#api/ports/explain.ts";
import type { LiveComparison } from "#cli/explain-live.ts";
import { ApplianceHome } from "./support/appliance-home.ts";
import { certificateAuthority } from "./support/certificate.ts";
import { binnacle } from "./support/cli.ts";
import { httpGet } from "./support/http-get.ts";
import { ingress, service, tlsSecret, together } from "./support/manifests.ts";
import { until } from "./support/until.ts";
import { Upstream } from "./support/upstream.ts";

test("binnacle explain: by a running appliance, by files alone, and by one real request", async (t) => {
  await using home = await ApplianceHome.create("explain");
  const { https, api, state } = home;
  const manifests = join(home.path, "manifests");
  await using upstream = await Upstream.start();
  const shop = ingress("team-shop", "shop", "shop.test", "cart", { path: "/cart" });
  const page = ingress("team-shop", "page", "page.test", "cart", {
    secret: "cert",
    annotations: { "binnacle.dev/compression": "on" },
  });
  const secret = tlsSecret("team-shop", "cert", certificateAuthority().issue(["page.test"]));
  await home.write("manifests/shop.yaml", together(shop, page, secret, service("team-shop", "cart", [upstream])));
  await home.configure(`sources: {directory: manifests}\nupstreams: {allowLocal: [${upstream.port}]}`, (config) =>
    config.replace("protocol: https}", "protocol: https, http3: true}"),
  );
  await using _appliance = await home.serve();
  const run = (...argv: readonly string[]) => binnacle(state, "explain", ...argv);

  await t.test("what wins, where it stands, and who gets it as Envoy sees it", async () => {
    const told = await until(async () => await run("shop.test/cart/1", "-o", "json"), {
      accept: ({ stdout }) => stdout.includes('"healthy"'),
      what: "Envoy's word about the endpoint",
    });
    const found = JSON.parse(told.stdout) as Explanation;
    assert.deepEqual(found.winner?.owner, { kind: "Ingress", namespace: "team-shop", name: "shop" });
    assert.match(found.winner?.origin?.file ?? "", /shop\.yaml$/);
    assert.deepEqual(found.upstreams[0]?.endpoints, [
      { address: `127.0.0.1:${upstream.port}`, health: "healthy", weight: 1, priority: 0 },
    ]);
    assert.deepEqual([told.code, told.stderr], [0, ""]);
  });

  await t.test("one real request does as predicted, where a route takes it and where none does", async () => {
    const before = upstream.requests.length;
    const told = await run("shop.test/cart/1?x=1", "--live", "--header", "x-trial=yes", "--header", "X-Trial: 2");
    assert.equal(told.code, 0, told.stdout + told.stderr);
    assert.match(told.stdout, /200 from 127\.0\.0\.1:\d+ in \d+ ms by route prefix \/cart/);
    assert.match(told.stdout, /Envoy did as predicted/);
    const [request, ...more] = upstream.requests.slice(before);
    assert.deepEqual([request?.path, request?.headers["x-trial"], more.length], ["/cart/1?x=1", "yes, 2", 0]);
    const none = await run("shop.test/other", "--live");
    assert.equal(none.code, 0, none.stdout + none.stderr);
    assert.match(none.stdout, /404 in \d+ ms by no route/);
    const { pins } = JSON.parse(
      (
        await httpGet({ port: api }, "/api/v1/traffic/pins", {
          host: `127.0.0.1:${api}`,
          headers: { authorization: await home.authorization() },
        })
      ).body,
    ) as { pins: unknown[] };
    assert.deepEqual(pins, [], "nothing stays pinned");
  });

  await t.test("what an answer is encoded with and whether HTTP/3 is offered is told, and seen", async () => {
    upstream.respond = () => ({ headers: { "content-type": "text/html" }, body: "again and again ".repeat(100) });
    const told = await run("https://page.test/", "--live", "--header", "accept-encoding=gzip", "-o", "json");
    assert.equal(told.code, 0, told.stdout + told.stderr);
    const { http3, upstreams, live } = JSON.parse(told.stdout) as Explanation & { readonly live: LiveComparison };
    assert.deepEqual(http3, { ports: [https] });
    const [{ compression } = {}] = upstreams;
    assert.deepEqual([compression?.encodings[0], compression?.chosen, compression?.least], ["br", "gzip", 1024]);
    assert.deepEqual(live.differences, []);
    assert.match(live.request ?? "", new RegExp(`, in gzip, Alt-Svc h3=":${https}"; ma=\\d+$`));
    const plain = await run("https://page.test/", "--live");
    assert.match(plain.stdout, /this request takes none of these \(Accept-Encoding\): its answer comes as it is/);
    assert.match(plain.stdout, new RegExp(`HTTP/3 +on UDP port ${https}, as answers tell`));
    assert.match(plain.stdout, /Envoy did as predicted/);
  });

  await t.test("files are explained without an appliance, also such as are not applied", async () => {
    const file = join(home.path, "next.yaml");
    await writeFile(file, ingress("team-shop", "next", "next.test", "gone"));
    const told = await run("next.test", "--files", file, "--config", join(home.path, "binnacle.yaml"));
    assert.equal(told.code, 0, told.stderr);
    assert.match(told.stdout, /Ingress team-shop\/next answers 503 by itself/);
    assert.match((await run("next.test")).stdout, /404: no object claims the host/);
  });

  await t.test("what a change would do to this appliance is planned beside it, and changes nothing", async () => {
    const told = await binnacle(state, "diff", join(home.path, "next.yaml"));
    assert.equal(told.code, 1, told.stderr);
    assert.match(told.stdout, /\+ http next\.test prefix \//);
    assert.match(told.stdout, /\+ virtualHost http\/next\.test/);
    assert.deepEqual(await binnacle(state, "diff", manifests), { code: 0, stdout: "no difference\n", stderr: "" });
    assert.match((await run("next.test")).stdout, /404: no object claims the host/);
  });

  await t.test("what is not understood is told with what to write", async () => {
    for (const [argv, words] of [
      [["shop test"], /is no address\n {2}fix: write HOST\/PATH/],
      [["shop.test", "--header", "novalue"], /is no header\n {2}fix: write --header NAME=VALUE/],
      [["shop.test", "--header", "Host=other.test"], /the host stands in the address/],
      [["shop.test", "--method", "A B"], /is no method/],
      [["shop.test", "--live", "--files", manifests], /--files asks none/],
    ] as const) {
      const { code, stderr } = await run(...argv);
      assert.equal(code, 2);
      assert.match(stderr, words);
    }
  });
});
