import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Page } from "playwright-core";
import { LEFT_VIEWS, PHONE_PANELS } from "../../src/console/state/address.ts";
import { until } from "../integration/support/until.ts";
import { accessibilityFaults, toldButtons } from "./accessibility-faults.ts";
import { missingChromium } from "./chromium.ts";
import { ConsoleSetting } from "./console-setting.ts";

const skip = missingChromium() ?? false;

/** Several Envoys, and a listener of TCP: all that is shown only where it is there. */
function showAll({ traffic }: ConsoleSetting): void {
  traffic.envoys = ["binnacle-1", "edge-1"];
  const counts = { connections: 0, failed: 0, perSecond: 0, failedPerSecond: 0 };
  const bytes = { bytesIn: 0, bytesOut: 0, bytesInPerSecond: 0, bytesOutPerSecond: 0 };
  traffic.streams = [{ key: "postgres", protocol: "tcp", upstreams: [], ...counts, ...bytes }];
}

/** What has the keyboard's focus, as its role and name. */
function focused(page: Page): Promise<string> {
  return page.evaluate<string>(
    `(() => { const { tagName, className, ariaLabel, textContent } = document.activeElement;
      return (tagName + " " + (ariaLabel ?? (tagName === "BODY" ? "" : textContent))).trim(); })()`,
  );
}

describe("the console read by a screen reader", { skip }, () => {
  test("each control, table, list of choices and picture has a name, in every view and whatever lies over it", async (t) => {
    const setting = await ConsoleSetting.start(t);
    showAll(setting);
    const page = await setting.open();
    await page.locator(".attention-item").first().waitFor();
    const look = async (what: string): Promise<void> => assert.deepEqual(await accessibilityFaults(page), [], what);
    for (const view of LEFT_VIEWS) {
      await page.evaluate(`location.hash = "view=${view}&code=5xx"`);
      await page.locator(`.app[data-left="${view}"]`).waitFor();
      if (view === "backends") await page.locator(".note").first().waitFor();
      await look(view);
    }
    for (const tab of ["Problems", "Events", "Alerts"]) {
      await page.getByRole("group", { name: "Attention" }).getByRole("button", { name: tab }).click();
      await page.getByRole("region", { name: tab.toLowerCase() }).waitFor();
      await look(tab);
    }
    for (const chip of ["Envoy", "Config", "Sources", "Alerts"]) {
      await page.getByRole("group", { name: "Appliance" }).getByRole("button", { name: chip }).click();
      await page.locator(".popover:popover-open").waitFor();
      await look(`the list of ${chip}`);
      await page.keyboard.press("Escape");
    }
    await page.locator("body").press("j");
    await page.getByRole("button", { name: "Pin client" }).click();
    await page.getByRole("button", { name: "take the pin of" }).waitFor();
    await look("a request");
    await page.setViewportSize({ width: 390, height: 844 });
    for (const panel of PHONE_PANELS) {
      await page.evaluate(`location.hash = "panel=${panel}"`);
      await page.locator(`.app[data-panel="${panel}"]`).waitFor();
      await look(`${panel} on a phone`);
    }
    // How each part is must not be told by the shape of a dot alone.
    await page.getByRole("button", { name: "Sources 1 of 2 stale" }).waitFor();
    await page.context().clearCookies();
    await page.getByLabel("Token").waitFor();
    await look("signing in");
  });

  test("what lies over the page is modal, and gives the focus back; so does a request that is closed", async (t) => {
    const setting = await ConsoleSetting.start(t);
    const page = await setting.open("#view=backends");
    for (const [name, dialog] of [
      ["Help and keys", "Help"],
      ["Silence UpstreamNoHealthyEndpoints", "Silence an alert"],
      ["Let them go…", "Let held services go"],
    ] as const) {
      const opener = page.getByRole("button", { name });
      await opener.focus();
      await page.keyboard.press("Enter");
      await page.getByRole("dialog", { name: dialog }).waitFor();
      assert.deepEqual(await accessibilityFaults(page), [], dialog);
      // Behind a modal dialog nothing is told and nothing takes the focus.
      assert.ok(!(await toldButtons(page)).includes("Sign out"), dialog);
      await page.keyboard.press("Shift+Tab");
      assert.ok(
        await page.evaluate(
          "document.activeElement.closest('dialog[open]') !== null || document.activeElement === document.body",
        ),
      );
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "detached" });
      assert.match(await focused(page), new RegExp(`^BUTTON ${name}`));
    }
    await page.locator("body").press("j");
    await page.getByRole("button", { name: "Close" }).focus();
    await page.keyboard.press("Enter");
    await page.locator(".detail").waitFor({ state: "detached" });
    await page.locator(".tail:focus").waitFor();
  });

  test("rows that are not drawn are counted: each row tells its place among all", async (t) => {
    const setting = await ConsoleSetting.start(t);
    const page = await setting.open("#view=tables");
    await page.locator("body").press(" ");
    const places = (rows: string): Promise<number[]> =>
      page.locator(rows).evaluateAll((all) => all.map((row) => Number(row.getAttribute("aria-rowindex"))));
    for (const rows of [".routes-panel tbody tr:not(.gap)", ".upstreams-panel tbody tr:not(.gap)", ".tail-row"]) {
      const shown = await places(rows);
      assert.deepEqual(
        shown,
        shown.map((_, index) => index + 2),
        rows,
      );
    }
    await page.evaluate("document.querySelector('.tail').scrollTo(0, 3000)");
    const far = await until(() => places(".tail-row"), {
      accept: ([first = 0]) => first > 40,
      what: "rows further down",
    });
    assert.deepEqual(
      far,
      far.map((_, index) => (far[0] ?? 0) + index),
    );
  });

  test("few regions speak by themselves", async (t) => {
    const setting = await ConsoleSetting.start(t);
    const page = await setting.open();
    await page.locator(".attention-item").first().waitFor();
    const speak = await page
      .locator("[role=status], [role=alert], [aria-live]")
      .evaluateAll((all) =>
        all.map((one) => one.closest("header, .filter-bar button, .filter-bar, dialog")?.className),
      );
    // What became of the connection and of the appliance; a filter or a silence that is wrong; what was copied.
    assert.deepEqual(speak, ["header", "header", "filter-bar", "quiet copy", "quiet copy", "dialog"]);
  });
});
