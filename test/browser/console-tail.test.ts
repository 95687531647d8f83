import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ServerMessage } from "#traffic/messages.ts";
import { until } from "../integration/support/until.ts";
import { missingChromium } from "./chromium.ts";
import { count, held, painted, rowWords } from "./console-rows.ts";
import { ConsoleSetting } from "./console-setting.ts";
import { ROUTES } from "./simulated/world.ts";

const skip = missingChromium() ?? false;
const HOUR = 3_600_000;

/** A time zone where it is noon now, so that a later time of day is a later time, and its milliseconds ahead of UTC. */
function whereItIsNoon(): { readonly timezoneId: string; readonly ahead: number } {
  const hours = 12 - new Date().getUTCHours();
  // The signs of these names are those of POSIX: Etc/GMT-5 is five hours ahead.
  return { timezoneId: `Etc/GMT${hours > 0 ? "-" : "+"}${Math.abs(hours)}`, ahead: hours * HOUR };
}

describe("the requests in the console", { skip }, () => {
  test("paused, nothing moves and what comes is counted; going on shows it on top", async (t) => {
    const setting = await ConsoleSetting.start(t);
    const page = await setting.open();
    await page.locator("body").press(" ");
    await page.locator(".panel-note", { hasText: "paused" }).waitFor();
    await painted(page);
    const before = await rowWords(page);
    const rates = await page.locator(".routes-panel tbody td").allInnerTexts();
    setting.traffic.burst(30);
    await page.locator(".new-rows", { hasText: /^([3-9]\d|[\d,]{3,}) new/ }).waitFor();
    assert.deepEqual(await rowWords(page), before);
    assert.deepEqual(await page.locator(".routes-panel tbody td").allInnerTexts(), rates);
    await page.locator("body").press(" ");
    await page.locator(".new-rows").waitFor({ state: "detached" });
    assert.notDeepEqual(await rowWords(page), before);
  });

  test("who scrolls down reads on: rows stand still on the screen until the button is pressed", async (t) => {
    const setting = await ConsoleSetting.start(t);
    const page = await setting.open();
    await until(() => held(page), { accept: (rows) => rows > 100, what: "enough rows to scroll" });
    await page.evaluate("document.querySelector('.tail').scrollTo(0, 700)");
    await page.locator(".new-rows").waitFor();
    const rows = await held(page);
    const middle = page.locator(".tail-row").nth(12);
    const before = { words: await middle.innerText(), box: await middle.boundingBox() };
    setting.traffic.burst(40);
    await page.locator(".new-rows", { hasText: /^([4-9]\d|[\d,]{3,}) new/ }).waitFor();
    assert.deepEqual({ words: await middle.innerText(), box: await middle.boundingBox() }, before);
    assert.equal(await held(page), rows);
    await page.locator(".new-rows").click();
    await until(() => held(page), { accept: (now) => now > rows, what: "the new rows" });
    await painted(page);
    assert.equal(await page.evaluate("document.querySelector('.tail').scrollTop"), 0);
  });

  test("a list that cannot be scrolled fills by itself, and says that there is no more only where that is so", async (t) => {
    const setting = await ConsoleSetting.start(t);
    const page = await setting.blank();
    const live = Promise.withResolvers<void>();
    await page.routeWebSocket(/\/api\/v1\/traffic$/, (socket) => {
      const server = socket.connectToServer();
      socket.onMessage((text) => server.send(text));
      server.onMessage((text) => {
        const message: ServerMessage = JSON.parse(String(text));
        // The first picture brings three requests of many, and no more come.
        const change =
          message.type === "snapshot"
            ? { requests: message.requests.slice(-3) }
            : message.type === "delta"
              ? { requests: [] }
              : {};
        socket.send(JSON.stringify({ ...message, ...change }));
        live.resolve();
      });
    });
    await page.goto(setting.api.mintSignInLink().url);
    await live.promise;
    await until(() => held(page), { accept: (rows) => rows > 100, what: "the requests before the first three" });
    await page.locator(".tail-end", { hasText: "scroll on for older ones" }).waitFor({ state: "attached" });

    const [route] = ROUTES;
    setting.traffic.burst(2, route, { requestId: "these-two" });
    await page.evaluate(`location.hash = "request-id=these-two"`);
    await page.locator(".tail-end", { hasText: "no older ones are kept" }).waitFor();
    assert.equal(await held(page), 2);
    assert.deepEqual(setting.complaints, []);
  });

  test("ten thousand requests are held, and only those in sight are in the page", async (t) => {
    const setting = await ConsoleSetting.start(t);
    const page = await setting.open();
    await until(
      async () => {
        for (let frame = 0; frame < 10; frame++) setting.traffic.burst(200);
        return held(page);
      },
      { accept: (rows) => rows === 10_000, what: "ten thousand rows", timeoutMs: 60_000 },
    );
    assert.ok((await count(page, ".tail-row")) < 80, `${await count(page, ".tail-row")} rows in the page`);
    await page.evaluate("document.querySelector('.tail').scrollTo(0, 1e6)");
    await until(() => count(page, ".tail-row"), { accept: (rows) => rows > 10 && rows < 80, what: "the oldest rows" });
    assert.deepEqual(setting.complaints, []);
  });

  test("the end of the list leads further back, and a click on a chart to the requests of that moment", async (t) => {
    const setting = await ConsoleSetting.start(t);
    const { timezoneId, ahead } = whereItIsNoon();
    const page = await setting.open("", { timezoneId });
    await page.locator("body").press(" ");
    const rows = await held(page);
    await page.evaluate("document.querySelector('.tail').scrollTo(0, 1e6)");
    await until(() => held(page), { accept: (now) => now >= rows + 400, what: "older requests" });

    await page
      .locator(".chart-panel .u-over")
      .first()
      .click({ position: { x: 250, y: 60 } });
    await page.getByText(/^What came before \d\d:\d\d:\d\d$/).waitFor();
    const at = Number(/at=(\d+)/.exec(page.url())?.[1]);
    const clock = new Date(at + ahead).toISOString().slice(11, 19);
    await until(() => page.locator(".tail-time").allInnerTexts(), {
      accept: (times) => times.length > 10 && times.every((time) => time < clock),
      what: `requests before ${clock}`,
    });
    await page.reload();
    await until(() => page.locator(".tail-time").allInnerTexts(), {
      accept: (times) => times.length > 10 && times.every((time) => time < clock),
      what: "the same after a reload",
    });
    await page.getByRole("button", { name: "Back to live" }).click();
    await page.getByText("showing 1 in 5 of ordinary requests").waitFor();
    await until(() => page.locator(".tail-time").first().innerText(), {
      accept: (time) => time > clock,
      what: "new requests",
    });
    assert.deepEqual(setting.complaints, []);
  });
});
