import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Page } from "playwright-core";
import { until } from "../integration/support/until.ts";
import { missingChromium } from "./chromium.ts";
import { ConsoleSetting } from "./console-setting.ts";
import { simulatedBackends } from "./simulated/simulated-backends.ts";

const skip = missingChromium() ?? false;

/** The words that begin each line. */
function names(page: Page): Promise<readonly string[]> {
  return page
    .locator(".backends-panel tbody tr:not(.gap)")
    .locator("b, th.wide:not(:has(b)), .note-words")
    .allInnerTexts();
}

describe("backends in the console", { skip }, () => {
  test("one that wants somebody is open, with what is wrong before its teams; others open by a click", async (t) => {
    const setting = await ConsoleSetting.start(t);
    const page = await setting.open();
    await page.getByRole("group", { name: "View" }).first().getByRole("button", { name: "Backends" }).click();
    assert.match(page.url(), /view=backends/);
    const panel = page.locator(".backends-panel");
    await panel.getByText(/stale: \d+ min old/).waitFor();
    await panel.getByText("list projects: Keystone answered 503 three times").waitFor();
    await panel.getByText("see whether the platform's API is up").waitFor();
    const shown = await names(page);
    assert.deepEqual(
      shown.map((words) => words.split(/[:\n]/)[0]),
      [
        "dc-east",
        "11 services went all at once and stay until they come back or somebody lets them go",
        "team-blog",
        "team-pay",
        "team-shop",
        "os-west",
        "list projects",
        "team-shop/os-west-stock",
        "load balancer 9f3c of project team-pay has a listener of TERMINATED_HTTPS, which is left out",
        "team-pay",
        "team-shop",
        "shelf",
      ],
    );
    await panel.getByRole("button", { name: "more about dc-east" }).click();
    await until(async () => (await names(page)).length === 8, { what: "the closed backend" });
    assert.deepEqual([setting.complaints, setting.strayed], [[], []]);
  });

  test("an operator of all namespaces lets held services go after being asked once more", async (t) => {
    const confirmed: string[] = [];
    const backends = simulatedBackends(Date.now());
    const confirm = (backend: string, by: string): number => {
      confirmed.push(`${backend} by ${by}`);
      return 11;
    };
    const setting = await ConsoleSetting.start(t, { backends: { ...backends, confirm } });
    const page = await setting.open("#view=backends");
    await page.getByRole("button", { name: "Let them go…" }).click();
    const dialog = page.getByRole("dialog", { name: "Let held services go" });
    await dialog.getByText("Let 11 services of dc-east go?").waitFor();
    await dialog.getByRole("button", { name: "Keep them" }).click();
    assert.deepEqual(confirmed, []);
    await page.getByRole("button", { name: "Let them go…" }).click();
    await dialog.getByRole("button", { name: "Let them go" }).click();
    await dialog.waitFor({ state: "hidden" });
    assert.deepEqual(confirmed, ["dc-east by operator"]);
  });

  test("a backend that cannot be asked for says how old its lines are, and is as before once it can", async (t) => {
    const setting = await ConsoleSetting.start(t);
    const page = await setting.open("#view=backends");
    const panel = page.locator(".backends-panel");
    await panel.getByText("list projects: Keystone answered 503 three times").waitFor();
    const problem = { title: "Not now", detail: "the store is busy", fix: "try again" };
    await page.route("**/api/v1/backends/os-west", (route) => route.fulfill({ status: 503, json: problem }));
    const old = panel.locator(".note", { hasText: /^as of \d+ s ago: Not now: the store is busy/ });
    await old.waitFor();
    assert.equal(await panel.locator("tr.team.is-old").count(), 2);
    // Closed and opened again, there is nothing that was answered.
    const caret = panel.getByRole("button", { name: "more about os-west" });
    await caret.click();
    await old.waitFor({ state: "detached" });
    await caret.click();
    await panel.locator(".note", { hasText: /^not known: Not now/ }).waitFor();
    await page.unroute("**/api/v1/backends/os-west");
    await panel.getByText("list projects: Keystone answered 503 three times").waitFor();
    assert.equal(await panel.locator(".is-old").count(), 0);

    await page.route("**/api/v1/backends", (route) => route.fulfill({ status: 503, json: problem }));
    await page.locator(".backends-panel.is-old .panel-note", { hasText: /^as of \d+ s ago/ }).waitFor();
    assert.deepEqual(setting.strayed, []);
  });

  test("where there is no backend nothing of them is offered", async (t) => {
    const appliance = {
      envoys: () => [],
      sources: () => [{ name: "directory", state: "synced" as const, detail: "" }],
      children: () => [],
    };
    const setting = await ConsoleSetting.start(t, { appliance });
    const page = await setting.open();
    await page.locator(".chip", { hasText: "Sources" }).waitFor();
    assert.equal(await page.getByRole("button", { name: "Backends" }).count(), 0);
  });
});
