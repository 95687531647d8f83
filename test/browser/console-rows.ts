import type { Page } from "playwright-core";

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
  return Number(await page.locator(".tail").getAttribute("aria-rowcount"));
}
