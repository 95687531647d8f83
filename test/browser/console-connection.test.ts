import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Page } from "playwright-core";
import { until } from "../integration/support/until.ts";
import { missingChromium } from "./chromium.ts";
import { held, painted } from "./console-rows.ts";
import { ConsoleSetting } from "./console-setting.ts";
import { simulatedAppliance } from "./simulated/simulated-appliance.ts";

const skip = missingChromium() ?? false;
const HOUR = 3_600_000;

/** The feed's sockets go through here: after `cut` those that are open let nothing more through, and none is closed. */
async function throughWire(page: Page): Promise<{ cut(): void; opened(): number }> {
  const wires: { isCut: boolean }[] = [];
  await page.routeWebSocket(/\/api\/v1\/traffic$/, (socket) => {
    const wire = { isCut: false };
    wires.push(wire);
    const server = socket.connectToServer();
    socket.onMessage((message) => {
      if (!wire.isCut) server.send(message);
    });
    server.onMessage((message) => {
      if (!wire.isCut) socket.send(message);
    });
  });
  return {
    cut: () => {
      for (const wire of wires) wire.isCut = true;
    },
    opened: () => wires.length,
  };
}

describe("the console's connection", { skip }, () => {
  test("one that dies without a word is noticed and replaced; what was missed meanwhile is said to be missing", async (t) => {
    const setting = await ConsoleSetting.start(t);
    const page = await setting.blank();
    await page.clock.install();
    const wire = await throughWire(page);
    await page.goto(setting.api.mintSignInLink().url);
    await page.locator(".freshness", { hasText: "live" }).waitFor();
    wire.cut();
    const before = await held(page);
    setting.traffic.burst(800);
    // Nothing closes: the page's own clock alone can tell.
    await page.clock.fastForward(20_000);
    await until(() => held(page), { accept: (rows) => rows > before + 400, what: "the rows of the new connection" });
    assert.equal(wire.opened(), 2);
    await page.locator(".freshness", { hasText: "live" }).waitFor();
    await page.getByRole("button", { name: "Pause" }).click();
    const missing = page.locator(".tail-gap");
    await until(
      async () => {
        await page.evaluate("document.querySelector('.tail').scrollBy(0, 300)");
        await painted(page);
        return missing.count();
      },
      { accept: (count) => count === 1, what: "the place where rows are missing" },
    );
  });

  test("who may open no further view is told so, and not that the appliance is away", async (t) => {
    const setting = await ConsoleSetting.start(t, { mostSockets: 1 });
    await setting.open();
    const page = await setting.blank();
    await page.goto(setting.api.mintSignInLink().url);
    await page.getByText("opens no live view").waitFor();
    await page.locator(".freshness", { hasText: "not connected" }).waitFor();
  });

  test("a browser whose clock is hours off tells ages by the appliance's", async (t) => {
    const setting = await ConsoleSetting.start(t);
    for (const off of [-3 * HOUR, 3 * HOUR]) {
      const page = await setting.blank();
      await page.clock.install({ time: Date.now() + off });
      await page.goto(setting.api.mintSignInLink().url);
      await page.locator(".tail-row").first().waitFor();
      await page.locator(".chip", { hasText: /accepted \d+ (s|min) ago/ }).waitFor();
      await page.locator(".freshness", { hasText: /fresh \d s ago/ }).waitFor();
      await page.context().close();
    }
  });

  test("a session that ends leads back, after signing in, to what the address showed", async (t) => {
    const setting = await ConsoleSetting.start(t);
    const page = await setting.open("#code=5xx&minutes=15");
    await page.context().clearCookies();
    // The next question of the page is answered 401.
    await page.getByLabel("Token").waitFor();
    assert.match(page.url(), /\/sign-in#code=5xx&minutes=15$/);
    await page.getByLabel("Token").fill("not this one");
    await page.keyboard.press("Enter");
    await page.getByText("That is no token that lets in.").waitFor();
    await page.getByLabel("Token").fill(setting.token);
    await page.keyboard.press("Enter");
    await page.locator(".tail-row").first().waitFor();
    assert.match(page.url(), /\/#code=5xx&minutes=15$/);
  });

  test("while no Envoy answers, what stands there of health and traffic is said to be of before", async (t) => {
    const setting = await ConsoleSetting.start(t);
    const page = await setting.open();
    setting.traffic.served = false;
    await page.locator(".upstreams-panel.is-old", { hasText: "as they were when Envoy last answered" }).waitFor();
    await page.locator(".tile.tone-bad", { hasText: "no Envoy answers" }).waitFor();
    await page.locator(".sampling", { hasText: "no Envoy answers at the moment" }).waitFor();
    setting.traffic.served = true;
    await page.locator(".upstreams-panel:not(.is-old)").waitFor();
    await page.locator(".sampling", { hasText: /^showing 1 in 5/ }).waitFor();
  });

  test("an appliance that is not ready says so, why, and where to read what to do; once it is nothing is left of that", async (t) => {
    let reasons = ["no Envoy is connected"];
    const health = { live: () => true, ready: () => reasons.length === 0, reasons: () => reasons };
    const child = { name: "envoy", state: "backoff" as const, since: 0, restarts: 3, detail: "exited with 1" };
    const appliance = { ...simulatedAppliance(Date.now()), envoys: () => [], children: () => [child] };
    const setting = await ConsoleSetting.start(t, { health, appliance });
    const page = await setting.open("", { viewport: { width: 390, height: 844 } });
    const told = page.getByRole("status").filter({ hasText: "The appliance is not ready" });
    await told.waitFor({ state: "attached" });
    await page.getByRole("button", { name: "Not ready" }).click();
    const list = page.locator(".popover:popover-open");
    await list.getByText("no Envoy is connected").waitFor();
    await list.getByText("Envoy's program does not run: exited with 1").waitFor();
    const [runbook] = await Promise.all([
      page.context().waitForEvent("page"),
      list.getByRole("link", { name: "Runbook EnvoyDown" }).click(),
    ]);
    await runbook.getByRole("heading", { name: "EnvoyDown" }).waitFor();
    reasons = [];
    await page.locator(".chip", { hasText: "Not ready" }).waitFor({ state: "detached" });
    await told.waitFor({ state: "detached" });
    assert.deepEqual(setting.complaints, []);
  });

  test("Alertmanager that does not answer is not taken for no alert", async (t) => {
    let isThere = true;
    const setting = await ConsoleSetting.start(t);
    const page = await setting.blank();
    await page.route("**/api/v1/alerts", (route) =>
      isThere ? route.fulfill({ json: { alerts: [] } }) : route.fulfill({ status: 502, json: PROBLEM }),
    );
    await page.goto(setting.api.mintSignInLink().url);
    await page.locator(".chip", { hasText: "Alerts none" }).waitFor();
    isThere = false;
    await page.locator(".chip", { hasText: "Alerts not known" }).waitFor();
    await page.locator(".attention-panel").getByRole("button", { name: "Alerts" }).click();
    await page.locator(".trouble", { hasText: "Alertmanager does not answer" }).waitFor();
    assert.equal(await page.getByText("No alert fires").count(), 0);
  });
});

const PROBLEM = { title: "Alertmanager does not answer", detail: "connection refused", fix: "look at its log" };
