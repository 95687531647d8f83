import type { Page } from "playwright-core";

/**
 * Runs in the page, on what lies on top: words that are cut and nowhere told whole, boxes that have to be scrolled sideways, and
 * controls that nobody can reach, since they lie beyond the screen or below something else.
 */
const LOOK = `(() => {
  const faults = new Set();
  const nameOf = (element) =>
    element.tagName.toLowerCase() + "." + (element.getAttribute("class") ?? "") + " " +
    (element.getAttribute("aria-label") ?? element.textContent ?? "").trim().slice(0, 40);
  const isSeen = (element) => element.checkVisibility() && element.getBoundingClientRect().width > 0;
  const top = document.querySelector("dialog[open], :popover-open") ?? document.body;
  if (document.documentElement.scrollWidth > innerWidth) faults.add("the page is wider than the screen");
  for (const element of top.querySelectorAll("*")) {
    if (!isSeen(element) || element.closest("svg, .chart, [aria-hidden=true]") !== null) continue;
    const { overflowX, overflowY, webkitLineClamp, clipPath } = getComputedStyle(element);
    // For screen readers only.
    if (clipPath !== "none") continue;
    const isWider = overflowX !== "visible" && element.scrollWidth > element.clientWidth + 1;
    if (isWider && overflowX !== "hidden") faults.add("scrolls sideways: " + nameOf(element));
    else if (isWider && element.closest("[title]") === null) faults.add("is cut: " + nameOf(element));
    if (overflowY === "hidden" && webkitLineClamp === "none" && element.scrollHeight > element.clientHeight + 1)
      faults.add("is cut below: " + nameOf(element));
  }
  for (const element of top.querySelectorAll("button, a[href], input, select")) {
    if (!isSeen(element)) continue;
    element.scrollIntoView({ block: "center", inline: "nearest" });
    const { x, y, width, height, right } = element.getBoundingClientRect();
    const hit = document.elementFromPoint(x + Math.min(width / 2, 40), y + Math.min(height / 2, 12));
    if (hit === null || !(element.contains(hit) || hit.contains(element)))
      faults.add("is covered: " + nameOf(element) + (hit === null ? "" : " by " + nameOf(hit)));
    if (x < 0 || right > innerWidth + 1) faults.add("lies beyond the screen: " + nameOf(element));
  }
  return [...faults];
})()`;

/** What of the page as it is now cannot be read or reached, a line each. */
export async function layoutFaults(page: Page): Promise<readonly string[]> {
  return page.evaluate<string[]>(LOOK);
}
