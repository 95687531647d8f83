import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { tokenHash, type UserSettings } from "#api/auth/users.ts";
import { hashPassword } from "#lib/password-hash.ts";
import { missingChromium } from "./chromium.ts";
import { ConsoleSetting } from "./console-setting.ts";

const skip = missingChromium() ?? false;
const PASSWORD = "correct horse battery";
/** The simulated alerts are of team-search and of platform. */
const TEAM = "team-search";

describe("console of users", { skip }, () => {
  test("by name and password: a team's viewer sees its namespace alone, and is offered nothing to change", async (t) => {
    const passwordHash = await hashPassword(PASSWORD);
    const sue: UserSettings = { name: "sue", passwordHash, tokenHashes: [], role: "viewer", namespaces: [TEAM] };
    const setting = await ConsoleSetting.start(t, { users: [sue] });
    const page = await setting.blank();
    await page.goto(`${setting.api.url}/`);
    await page.getByLabel("Name").fill("sue");
    await page.getByLabel("Password").fill("not this one");
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByText("Name or password is wrong.").waitFor();
    await page.getByLabel("Name").fill("sue");
    await page.getByLabel("Password").fill(PASSWORD);
    await page.keyboard.press("Enter");
    await page.locator(".tail-row").first().waitFor();
    await page.getByText(`signed in as sue, viewer of ${TEAM}`).waitFor({ state: "attached" });
    await page.locator(".attention-item", { hasText: "UpstreamNoHealthyEndpoints" }).waitFor();
    assert.equal(await page.locator(".attention-item").count(), 1);
    assert.equal(await page.getByRole("button", { name: "Silence" }).count(), 0);
    assert.equal(await page.getByRole("link", { name: "Prometheus" }).count(), 0);
    await page.locator(".tail-row").first().click();
    await page.locator(".detail").waitFor();
    assert.match(await page.locator(".detail .fields").innerText(), new RegExp(`${TEAM}/`));
    assert.equal(await page.getByRole("button", { name: /^Pin/ }).count(), 0);

    setting.api.setUsers([]);
    await page.getByLabel("Token").waitFor();
    assert.match(page.url(), /\/sign-in$/);
    assert.deepEqual(setting.strayed, []);
  });

  test("an operator signs in with a token and silences what is theirs", async (t) => {
    const ben: UserSettings = {
      name: "ben",
      tokenHashes: [tokenHash("bens-token")],
      role: "operator",
      namespaces: [TEAM],
    };
    const setting = await ConsoleSetting.start(t, { users: [ben] });
    const page = await setting.blank();
    await page.goto(`${setting.api.url}/sign-in`);
    await page.getByLabel("Token").fill("bens-token");
    await page.getByRole("button", { name: "Sign in with a token" }).click();
    const alert = page.locator(".attention-item", { hasText: "UpstreamNoHealthyEndpoints" });
    await alert.getByRole("button", { name: "Silence" }).click();
    await page.getByLabel("Why").fill("known");
    const answered = page.waitForResponse((response) => response.url().endsWith("/api/v1/silences"));
    await page.locator("dialog[open]").getByRole("button", { name: "Silence" }).click();
    assert.equal((await answered).status(), 201);
  });
});
