import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { describe, test } from "node:test";
import { EARLIER_QUERY } from "../../src/console/words/earlier.ts";
import { listeningPort } from "../integration/support/free-port.ts";
import { until } from "../integration/support/until.ts";
import { missingChromium } from "./chromium.ts";
import { codes, count, held, painted, rowWords } from "./console-rows.ts";
import { ConsoleSetting } from "./console-setting.ts";
import { ROUTES } from "./simulated/world.ts";

const skip = missingChromium() ?? false;

const WATCH_NOTICE = `globalThis.noticesGone = 0;
new MutationObserver((changes) => {
  for (const { removedNodes } of changes) for (const node of removedNodes) if (node.className === "notice") noticesGone++;
}).observe(document.body, { childList: true, subtree: true });`;

describe("console", { skip }, () => {
  test("a sign-in link opens the live page, and neither code nor token stays in the browser", async (t) => {
    const setting = await ConsoleSetting.start(t);
    const page = await setting.open("#code=5xx");
    assert.equal(page.url(), `${setting.api.url}/#code=5xx`);
    const [cookie] = await page.context().cookies();
    assert.deepEqual([cookie?.httpOnly, cookie?.sameSite], [true, "Strict"]);
    assert.equal(await page.evaluate("document.cookie"), "");
    assert.equal(await page.evaluate("localStorage.length + sessionStorage.length"), 0);

    await page.locator(".routes-panel tbody tr").first().waitFor();
    for (const words of ["Envoy", "Config", "Sources", "Alerts"]) {
      await page.locator(".chip", { hasText: words }).waitFor();
    }
    await page.locator(".attention-item", { hasText: "UpstreamNoHealthyEndpoints" }).waitFor();
    await page.getByText("showing 1 in 5 of ordinary requests").waitFor();
    await page.locator(".freshness", { hasText: "live" }).waitFor();

    assert.deepEqual([setting.complaints, setting.strayed], [[], []]);

    // What is under way at this moment may still be answered 401, and the browser says so.
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Token").waitFor();
    await page.goto(setting.api.url);
    await page.getByLabel("Token").waitFor();
  });

  test("the page is not built of anything inline, and a script in a request's words stays words", async (t) => {
    const setting = await ConsoleSetting.start(t);
    const page = await setting.open();
    const [route] = ROUTES;
    assert.ok(route !== undefined);
    const evil = `<img src="x" onerror="document.title='taken'">`;
    const why = { summary: evil, detail: evil, nextStep: evil, side: "client" as const };
    // Among all requests, or alone, it would be pushed out of sight before the page is paused.
    await page.getByRole("button", { name: "Failures" }).click();
    setting.traffic.burst(30, route, { path: evil, authority: evil, userAgent: evil, why, code: 500, kept: "failure" });
    const row = page.locator(".tail-row", { hasText: evil }).first();
    await row.waitFor();
    // Rows move while they come: a click would meet the one that has taken its place.
    await page.getByRole("button", { name: "Pause" }).click();
    // At its beginning: the button for new rows lies over the middle of the first ones.
    await row.click({ position: { x: 40, y: 8 } });
    await page.locator(".detail", { hasText: evil }).waitFor();
    assert.equal(await count(page, ".tail img, .detail img"), 0);
    assert.equal(await page.title(), "Binnacle");
    assert.deepEqual(setting.complaints, []);
  });

  test("a filter narrows the requests on the server, stands in the address and as a command, and is taken back", async (t) => {
    const setting = await ConsoleSetting.start(t);
    const page = await setting.open();
    await page.keyboard.press("/");
    await page.keyboard.type("host:shop.localhost code:5xx");
    await page.keyboard.press("Enter");
    await until(() => codes(page), {
      accept: (shown) => shown.length > 5 && shown.every((code) => code.startsWith("5")),
      what: "failures only",
    });
    await page.locator("code", { hasText: "binnacle tail --host shop.localhost --code 5xx" }).waitFor();
    assert.match(page.url(), /#host=shop.localhost&code=5xx$/);

    await page.reload();
    await page.locator(".tail-row").first().waitFor();
    assert.ok((await codes(page)).every((code) => code.startsWith("5")));

    await page.getByRole("button", { name: "remove filter code 5xx" }).click();
    await until(() => codes(page), { accept: (shown) => shown.some((code) => code === "200"), what: "all codes" });
    await page.keyboard.press("/");
    await page.keyboard.type("code:9xx");
    await page.keyboard.press("Enter");
    await page.getByText("write a code such as 404").waitFor();
    assert.deepEqual(setting.complaints, []);
  });

  test("a click puts a route in focus: requests and upstreams follow, the routes stay", async (t) => {
    const setting = await ConsoleSetting.start(t);
    const page = await setting.open();
    const routes = await count(page, ".routes-panel tbody tr:not(.gap)");
    await page.locator(".routes-panel .row-button", { hasText: "blog.localhost" }).click();
    await until(() => rowWords(page), {
      accept: (rows) => rows.length > 3 && rows.every((row) => row.includes("blog.localhost")),
      what: "requests of one route",
    });
    await until(() => count(page, ".upstreams-panel .caret"), {
      accept: (upstreams) => upstreams === 1,
      what: "one upstream",
    });
    assert.equal(await count(page, ".routes-panel tbody tr:not(.gap)"), routes);
    await page.keyboard.press("Escape");
    await page.locator(".upstreams-panel .panel-note", { hasText: /^5,/ }).waitFor();
    assert.deepEqual(setting.complaints, []);
  });

  test("top talkers are listed, and a click filters by one", async (t) => {
    const setting = await ConsoleSetting.start(t);
    const page = await setting.open("#view=talkers");
    const client = page.getByRole("region", { name: "Clients" }).getByRole("button").first();
    // Under the pointer the list stands still.
    await client.hover();
    const address = await client.innerText();
    await client.click();
    await page.getByRole("button", { name: `remove filter client ${address}` }).waitFor();
    assert.equal(new URLSearchParams(new URL(page.url()).hash.slice(1)).get("client"), address);
    assert.deepEqual(setting.complaints, []);
  });

  test("the keyboard alone is enough", async (t) => {
    const setting = await ConsoleSetting.start(t);
    const page = await setting.open();
    await page.locator("body").press(" ");
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    const selected = page.locator(".tail-row.is-selected");
    await selected.waitFor();
    await painted(page);
    const words = (await selected.locator(".tail-target").innerText()).trim();
    assert.equal((await page.locator(".detail .panel-note").innerText()).trim(), words);
    await page.keyboard.press("Escape");
    await page.locator(".detail").waitFor({ state: "detached" });
    await page.keyboard.press("?");
    const help = page.getByRole("heading", { name: "Keys" });
    await help.waitFor();
    await page.keyboard.press("Escape");
    await help.waitFor({ state: "hidden" });
    await page.keyboard.press("f");
    await until(() => codes(page), {
      accept: (shown) => shown.length > 0 && shown.every((code) => code.startsWith("5")),
      what: "failures",
    });
    await page.keyboard.press("v");
    await page.locator("svg.flow .flow-node").first().waitFor();
    assert.match(page.url(), /kept=failure&view=flow$/);
  });

  test("an alert is silenced from the page", async (t) => {
    const setting = await ConsoleSetting.start(t);
    const page = await setting.open();
    const alert = page.locator(".attention-item", { hasText: "DiscoverySourceStale" });
    await alert.getByRole("button", { name: "Silence" }).click();
    assert.equal(await page.getByLabel("For").inputValue(), "120");
    await page.getByLabel("Why").fill("the cloud is being moved");
    await page.locator("dialog[open]").getByRole("button", { name: "Silence" }).click();
    await alert.getByText("silenced").waitFor();
    await page.locator(".chip", { hasText: "Alerts 1 firing" }).waitFor();
    assert.deepEqual(setting.complaints, []);
  });

  test("a lost server is said at once, and the page goes on by itself when it is back", async (t) => {
    const setting = await ConsoleSetting.start(t);
    const page = await setting.open();
    await setting.stop();
    await page.getByText("The appliance cannot be reached").waitFor();
    // Tries go by, and it is said all the time.
    await page.locator('.app[data-old="true"]').waitFor();
    await page.evaluate(WATCH_NOTICE);
    for (let tries = 0; tries < 3; tries++) await page.waitForEvent("websocket");
    assert.equal(await page.evaluate("globalThis.noticesGone"), 0);
    await page.locator(".freshness", { hasText: /not connected|connecting/ }).waitFor();
    const before = await held(page);
    await setting.restart();
    await page.locator(".freshness", { hasText: "live" }).waitFor();
    await page.locator(".notice").waitFor({ state: "detached" });
    await until(() => held(page), { accept: (rows) => rows > before, what: "new rows" });
  });

  test("of several Envoys each row says whose it is, and a click shows one alone; of one nothing is said", async (t) => {
    const setting = await ConsoleSetting.start(t);
    const page = await setting.open();
    assert.equal(await count(page, ".envoy-choice, .tail-envoy"), 0);
    setting.traffic.envoys = ["binnacle-1", "edge-1"];
    await page.locator(".tail-envoy", { hasText: "edge-1" }).first().waitFor();
    await page.getByRole("group", { name: "Envoys" }).getByRole("button", { name: "edge-1" }).click();
    await until(() => page.locator(".tail-envoy").allInnerTexts(), {
      accept: (shown) => shown.length > 5 && shown.every((envoy) => envoy === "edge-1"),
      what: "requests of one Envoy",
    });
    await page.locator("code", { hasText: "binnacle tail --envoy edge-1" }).waitFor();
    await page.getByRole("button", { name: "edge-1", pressed: true }).click();
    await page.locator(".tail-envoy", { hasText: "binnacle-1" }).first().waitFor();
    assert.deepEqual(setting.complaints, []);
  });

  test("listeners of TCP and UDP have a table where there are any, also on a phone", async (t) => {
    const setting = await ConsoleSetting.start(t);
    const stream = {
      failedPerSecond: 0,
      bytesIn: 6e9,
      bytesOut: 1e6,
      bytesInPerSecond: 51_200,
      bytesOutPerSecond: 900,
    };
    setting.traffic.streams = [
      {
        ...stream,
        key: "postgres",
        protocol: "tcp",
        upstreams: [{ upstream: { backend: "local", namespace: "team-shop", service: "db", port: 5432 }, share: 1 }],
        connections: 1200,
        failed: 3,
        perSecond: 4,
      },
      { ...stream, key: "dns", protocol: "udp", upstreams: [], connections: 0, failed: 0, perSecond: 0 },
    ];
    const page = await setting.open();
    const rows = page.locator(".streams-panel tbody tr:not(.gap)");
    await rows.first().waitFor();
    assert.deepEqual(await rows.allInnerTexts(), [
      "postgres TCP → team-shop/db:5432\t4.0\t1,200\t3\t51.2 kB/s\t900 B/s",
      "dns UDP → its Service is not there\t0\t0\t0\t51.2 kB/s\t900 B/s",
    ]);
    await page.setViewportSize({ width: 390, height: 844 });
    await page.locator(".phone-tabs button", { hasText: "Upstreams" }).click();
    await page.locator(".streams-panel").waitFor({ state: "visible" });
    assert.equal(await page.evaluate("document.documentElement.scrollWidth"), 390);
    assert.deepEqual(setting.complaints, []);
  });

  test("totals are compared with an hour and a day ago by those who may ask Prometheus, and only where all is shown", async (t) => {
    const figures = { "requests 1h": 52.1, "errors 1h": 0.6, "requests 1d": 400, "errors 1d": 0 };
    const result = Object.entries(figures).map(([figure, value]) => ({
      metric: { figure },
      value: [0, String(value)],
    }));
    const asked: (string | null)[] = [];
    const prometheus = createServer((request, response) => {
      asked.push(new URL(request.url ?? "", "http://prometheus").searchParams.get("query"));
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ status: "success", data: { resultType: "vector", result } }));
    }).listen(0, "127.0.0.1");
    t.after(() => prometheus.close());
    await once(prometheus, "listening");
    const url = new URL(`http://127.0.0.1:${listeningPort(prometheus)}/`);
    const setting = await ConsoleSetting.start(t, { monitoring: { prometheus: { url: () => url } } });
    const page = await setting.open();
    const notes = page.locator(".tile-note");
    await notes.filter({ hasText: "52.1/s an hour ago, 400/s a day ago" }).waitFor();
    await notes.filter({ hasText: "1.2% an hour ago, 0% a day ago" }).waitFor();
    assert.deepEqual(asked, [EARLIER_QUERY]);
    await page.locator(".routes-panel .row-button", { hasText: "blog.localhost" }).click();
    await notes.filter({ hasText: "an hour ago" }).first().waitFor({ state: "detached" });
    assert.deepEqual(setting.complaints, []);
  });

  test("routes that fail are counted and stand first after a click; what no object can be made of is a problem", async (t) => {
    const setting = await ConsoleSetting.start(t);
    const page = await setting.open();
    await page.locator(".routes-panel .failing").click();
    await page.locator(".routes-panel tbody tr:not(.gap)", { hasText: "search.example.com" }).first().waitFor();
    await until(() => page.locator(".routes-panel .row-button").allInnerTexts(), {
      accept: ([first]) => first?.includes("search.example.com") === true,
      what: "the route that fails on top",
    });
    assert.match(await page.locator(".upstreams-panel .caret").first().innerText(), /▾/);
    assert.match(await page.locator(".upstreams-panel .row-button").first().innerText(), /search-frontend/);
    await page.locator(".attention-panel").getByText("Problems").click();
    await page.locator(".attention-item", { hasText: "team-harbour.yaml" }).getByText("shorten it").waitFor();
    assert.deepEqual(setting.complaints, []);
  });
});
