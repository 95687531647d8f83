import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Page } from "playwright-core";
import { PHONE_PANELS, type PhonePanel } from "../../src/console/state/address.ts";
import { until } from "../integration/support/until.ts";
import { missingChromium } from "./chromium.ts";
import { codes, held, painted } from "./console-rows.ts";
import { ConsoleSetting } from "./console-setting.ts";
import { layoutFaults } from "./layout-faults.ts";
import { ROUTES } from "./simulated/world.ts";

const skip = missingChromium() ?? false;

/** Of a desktop, a small screen and a phone, in CSS pixels. */
const SIZES = [
  [1440, 900],
  [1024, 768],
  [390, 844],
] as const;

/** What stands in each panel once something came. */
const SHOWN: Readonly<Record<PhonePanel, string>> = {
  requests: ".tail-row",
  routes: ".routes-panel .row-button",
  upstreams: ".upstreams-panel .row-button",
  flow: ".flow-node",
  talkers: ".talker-name",
  backends: ".backend-name",
  charts: ".chart canvas",
};

/**
 * Every shift of the layout that no input caused, as the browser reports it (Layout Instability API). A figure that grows to the
 * left in its own cell is less than a ten-thousandth; a row that moves is more.
 */
const WATCH_SHIFTS = `globalThis.shifts = [];
new PerformanceObserver((list) => {
  for (const { value, sources } of list.getEntries()) {
    if (value >= 0.0001) shifts.push(value.toFixed(4) + " " + sources.map(({ node }) => node?.parentElement?.className).join(", "));
  }
}).observe({ type: "layout-shift" });`;

const WHY = { summary: "it broke", detail: "It broke.", nextStep: "Mend it.", side: "upstream" } as const;

const OVERFLOWING_HEADS = `[...document.querySelectorAll(".panel-head")].filter((head) => head.scrollWidth > head.clientWidth).length`;

/** By names rows stand; by rates one may rightly overtake another while the test looks. */
async function sortByName(page: Page): Promise<void> {
  const head = page.locator(".routes-panel th.wide button").first();
  if (!(await head.isVisible())) return;
  await head.click();
  await page.locator('.routes-panel th.wide[aria-sort="ascending"]').waitFor();
  await page.mouse.move(0, 0);
}

describe("the console's layout", { skip }, () => {
  test("frames that come move nothing: the layout stays for as long as nobody touches it", async (t) => {
    const setting = await ConsoleSetting.start(t);
    for (const [width, height] of SIZES) {
      const page = await setting.open("", { viewport: { width, height } });
      // What is asked for beside the feed comes after it, and takes its place once.
      for (const asked of [".chip >> text=Alerts", ".attention-item"])
        await page.locator(asked).first().waitFor({ state: "attached" });
      await sortByName(page);
      await page.evaluate(WATCH_SHIFTS);
      const before = await held(page);
      // Some seconds of frames, with failures, whose rows are higher, among them.
      await until(() => held(page), { accept: (rows) => rows > before + 40, what: "rows of some seconds" });
      assert.deepEqual(await page.evaluate("globalThis.shifts"), [], `${width} wide`);
      await page.context().close();
    }
  });

  test("names are read at every width: neither a host nor a namespace hides what tells one row from the next", async (t) => {
    const setting = await ConsoleSetting.start(t);
    for (const [width, height] of SIZES) {
      const page = await setting.open("", { viewport: { width, height } });
      if (width < 1000) await page.locator(".phone-tabs button", { hasText: "Upstreams" }).click();
      const name = page.locator(".upstreams-panel .row-button", { hasText: "cart" }).locator("b").first();
      await name.scrollIntoViewIfNeeded();
      const [cell, word] = [
        await page.locator(".upstreams-panel th.wide").nth(1).boundingBox(),
        await name.boundingBox(),
      ];
      assert.ok(cell !== null && word !== null && word.x + word.width <= cell.x + cell.width, `${width} wide`);
      assert.equal(await page.evaluate(OVERFLOWING_HEADS), 0, `${width} wide: a panel's tools reach beyond it`);
      await page.evaluate(`location.hash = "view=backends&panel=backends"`);
      const backend = page.locator(".backend-name", { hasText: "os-west" });
      await backend.waitFor();
      assert.ok(
        await backend.evaluate((element) => element.clientWidth > 0 && element.scrollWidth <= element.clientWidth),
        `${width} wide: a backend's name is cut`,
      );
      await page.context().close();
    }
  });

  test("on a phone nothing reaches beyond the screen, and each table has its place", async (t) => {
    const setting = await ConsoleSetting.start(t);
    const page = await setting.open("", { viewport: { width: 390, height: 844 }, colorScheme: "dark" });
    for (const [tab, panel] of [
      ["Routes", ".routes-panel"],
      ["Upstreams", ".upstreams-panel"],
      ["Flow", ".flow-panel"],
      ["Talkers", ".talkers-panel"],
      ["Backends", ".backends-panel"],
      ["Charts", ".chart-panel >> nth=0"],
      ["Requests", ".tail-panel"],
    ] as const) {
      await page.locator(".phone-tabs button", { hasText: tab }).click();
      await page.locator(panel).waitFor({ state: "visible" });
      assert.equal(await page.evaluate("document.documentElement.scrollWidth"), 390, tab);
    }
    assert.deepEqual(setting.complaints, []);
  });

  test("values as long as anybody likes make no page wider, at any width", async (t) => {
    const setting = await ConsoleSetting.start(t);
    const [route] = ROUTES;
    const long = "x".repeat(900);
    setting.traffic.burst(3, route, { path: `/${long}`, userAgent: long, requestId: long });
    for (const [width, height] of [...SIZES, [360, 640]] as const) {
      const page = await setting.open("", { viewport: { width, height } });
      await page.evaluate(
        `location.hash = "host=${long}&path-contains=${long}&focus-host=${long}&focus-route=${long}"`,
      );
      await page.locator(".filter-chip").nth(1).waitFor();
      await page.locator(".focus-chip").waitFor();
      assert.equal(await page.evaluate("document.documentElement.scrollWidth"), width);
      await page.locator("button.chip", { hasText: "Sources" }).click();
      const list = await page.locator(".popover:popover-open").boundingBox();
      assert.ok(list !== null && list.x >= 0 && list.x + list.width <= width && list.y + list.height <= height);
      await page.context().close();
    }
  });

  test("at twice the size, on 1280 by 800, nothing is cut, covered or out of reach, in any view and whatever lies over it", async (t) => {
    const setting = await ConsoleSetting.start(t);
    const page = await setting.open("", { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 });
    await page.locator(".attention-item").first().waitFor();
    for (const panel of PHONE_PANELS) {
      await page.evaluate(`location.hash = "panel=${panel}&code=5xx&focus-host=shop.localhost&focus-route=x"`);
      await page.locator(`.app[data-panel="${panel}"]`).waitFor();
      await page.locator(".focus-chip").waitFor();
      assert.deepEqual(await layoutFaults(page), [], `${panel}, with a filter`);
      await page.evaluate(`location.hash = "panel=${panel}"`);
      await page.locator(".focus-chip").waitFor({ state: "detached" });
      await page.locator(SHOWN[panel]).first().waitFor();
      assert.deepEqual(await layoutFaults(page), [], panel);
    }
    await page.locator("button.chip", { hasText: "Sources" }).click();
    assert.deepEqual(await layoutFaults(page), [], "the list of sources");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Help and keys" }).click();
    assert.deepEqual(await layoutFaults(page), [], "help");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Silence" }).first().click();
    assert.deepEqual(await layoutFaults(page), [], "silencing");
    await page.keyboard.press("Escape");
    await page.evaluate(`location.hash = "kept=failure"`);
    await until(() => codes(page), {
      accept: (shown) => shown.length > 0 && shown.every((code) => code.startsWith("5")),
      what: "failures only",
    });
    await page.locator("body").press("j");
    await page.locator(".detail").waitFor();
    assert.deepEqual(await layoutFaults(page), [], "a request");
  });

  test("on a screen that is not high a click shows why a request failed, and what is wrong with its object", async (t) => {
    const setting = await ConsoleSetting.start(t);
    const page = await setting.open("#kept=failure", { viewport: { width: 1280, height: 720 } });
    // Of the failures that come by chance none of the cart's need be in sight.
    const cart = ROUTES.find(({ paths }) => paths.includes("/cart"));
    setting.traffic.burst(40, cart, { code: 503, kept: "failure", why: WHY });
    await page.locator(".tail-row", { hasText: WHY.summary }).first().waitFor();
    await page.locator("body").press(" ");
    await painted(page);
    await page
      .locator(".tail-row", { hasText: "shop.localhost/cart" })
      .first()
      .click({ position: { x: 40, y: 8 } });
    const why = page.locator(".why");
    await why.getByText("there is no Service team-shop/recommendations").waitFor();
    await until(() => why.boundingBox(), {
      accept: (box) => box !== null && box.y > 0 && box.y + box.height <= 720,
      what: "the reason on the screen",
    });
  });
});
