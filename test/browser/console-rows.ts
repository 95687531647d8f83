import type { Page } from "playwright-core";

/** Resolves when the page has painted all that it knew: it paints once an animation frame. */
export async function painted(page: Page): Promise<void> {
  await page.evaluate(
    "new Promise((done) => { requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done))); })",
  );
}

/** Ids are not shown: a row is known by its words. */
export async function rowWords(page: Page): Promise<string[]> {
  return page.locator(".tail-row").allInnerTexts();
}

export async function codes(page: Page): Promise<string[]> {
  return page.locator(".tail-row .code").allInnerTexts();
}

export function count(page: Page, selector: string): Promise<number> {
  return page.locator(selector).count();
}

/** How many requests the tail holds, in sight or not. */
export async function held(page: Page): Promise<number> {
  // The head is a row as well.
  return Number(await page.locator(".tail").getAttribute("aria-rowcount")) - 1;
}
