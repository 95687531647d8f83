import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { until } from "../integration/support/until.ts";
import { missingChromium } from "./chromium.ts";
import { held } from "./console-rows.ts";
import { ConsoleSetting } from "./console-setting.ts";

const skip = missingChromium() ?? false;

/** Texts that a screen reader is told by itself, as often as they change. */
const WATCH_LIVE = `globalThis.told = [];
new MutationObserver((changes) => {
  for (const { target } of changes) {
    const region = (target.nodeType === 1 ? target : target.parentElement)?.closest('[role="status"], [role="alert"], [aria-live]');
    if (region) told.push(region.textContent);
  }
}).observe(document.body, { childList: true, subtree: true, characterData: true });`;

describe("the console by keyboard, history and screen reader", { skip }, () => {
  test("the browser's way back undoes what was chosen, step by step, and forward does it again", async (t) => {
    const setting = await ConsoleSetting.start(t);
    const page = await setting.open("#view=talkers");
    await page.locator(".talkers-panel").getByRole("button", { name: "Flow" }).click();
    await page.getByRole("button", { name: "Failures" }).click();
    await page.getByRole("button", { name: "remove filter kept failure" }).waitFor();
    await page.goBack();
    await page.getByRole("button", { name: "remove filter kept failure" }).waitFor({ state: "detached" });
    await page.locator(".flow-panel").waitFor({ state: "visible" });
    await page.goBack();
    await page.locator(".talkers-panel").waitFor({ state: "visible" });
    await page.goForward();
    await page.goForward();
    await page.getByRole("button", { name: "remove filter kept failure" }).waitFor();
    assert.match(page.url(), /#kept=failure&view=flow$/);
  });

  test("Escape closes the list that is open, and leaves the filter", async (t) => {
    const setting = await ConsoleSetting.start(t);
    const page = await setting.open("#code=5xx");
    await page.locator("button.chip", { hasText: "Sources" }).click();
    const list = page.locator(".popover:popover-open");
    await list.waitFor();
    await page.keyboard.press("Escape");
    await list.waitFor({ state: "hidden" });
    assert.match(page.url(), /#code=5xx$/);
  });

  test("arrows scroll the list that has the focus, and pick requests nowhere else than in theirs", async (t) => {
    const setting = await ConsoleSetting.start(t);
    const page = await setting.open();
    await page.getByRole("button", { name: "Pause" }).click();
    await page.locator(".attention-list").focus();
    await page.keyboard.press("ArrowDown");
    assert.equal(await page.locator(".tail-row.is-selected").count(), 0);
    const tail = page.getByRole("grid", { name: /Requests/ });
    await tail.focus();
    await page.keyboard.press("ArrowDown");
    const selected = page.locator(".tail-row.is-selected");
    await selected.waitFor();
    assert.equal(await tail.getAttribute("aria-activedescendant"), await selected.getAttribute("id"));
  });

  test("a request is copied whole, with its reason", async (t) => {
    const setting = await ConsoleSetting.start(t);
    const page = await setting.open("#kept=failure");
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.getByRole("button", { name: "Pause" }).click();
    await page
      .locator(".tail-row")
      .first()
      .click({ position: { x: 40, y: 8 } });
    await page.getByRole("button", { name: "Copy the request" }).click();
    const summary = await page.locator(".why-summary").innerText();
    const text = String(await page.evaluate("navigator.clipboard.readText()"));
    assert.ok(text.includes(`\n${summary}\n`), text);
    assert.match(text, /^[A-Z]+ \S+: \d+ after [\d.]+ (ms|s)\n/);
    assert.match(text, /\nBegan: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d\d [+-]\d\d:\d\d\n/);
  });

  test("nothing is read out while nothing happens, though figures change all the time", async (t) => {
    const setting = await ConsoleSetting.start(t);
    const page = await setting.open();
    await page.locator(".freshness", { hasText: "live" }).waitFor();
    await page.evaluate(WATCH_LIVE);
    const before = await held(page);
    await until(() => held(page), { accept: (rows) => rows > before + 30, what: "some seconds of frames" });
    assert.deepEqual(await page.evaluate("told"), []);
    await setting.stop();
    await page.locator(".notice").waitFor();
    for (const seconds of [4, 3, 2]) await page.locator(".notice-wait", { hasText: `in ${seconds} s` }).waitFor();
    const told: string[] = JSON.parse(String(await page.evaluate("JSON.stringify(told)")));
    assert.deepEqual(
      told.filter((words) => /\d/.test(words)),
      [],
      "the seconds are not counted down aloud",
    );
  });
});
