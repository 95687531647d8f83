import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

/** Each colour of tokens.css, light and dark. */
const TOKENS = new Map(
  [
    ...readFileSync(join(import.meta.dirname, "tokens.css"), "utf8").matchAll(
      /--([\w-]+): light-dark\((#[\da-f]{6}), (#[\da-f]{6})\)/g,
    ),
  ].map(([, name = "", light = "", dark = ""]) => [name, { light, dark }]),
);
const GROUNDS = ["ground", "panel", "raised", "hover", "picked", "idle-ground"];
const TONES = ["good", "warn", "bad", "idle"];

/** What stands on what, and the least contrast: WCAG 2.2 §1.4.3 for words, §1.4.11 for what is no word. */
const PAIRS: readonly (readonly [front: string, back: string, least: number])[] = [
  ...["text", "muted", "accent", ...TONES].flatMap((front) => GROUNDS.map((back) => [front, back, 4.5] as const)),
  ...TONES.flatMap((tone) => [tone, "text"].map((front) => [front, `${tone}-ground`, 4.5] as const)),
  ["text", "chosen", 4.5],
  ["on-accent", "accent", 4.5],
  ["line-strong", "panel", 3],
  ["line-strong", "raised", 3],
  ...["p50", "p90", "p99"].map((line) => [line, "panel", 3] as const),
];

for (const scheme of ["light", "dark"] as const) {
  test(`words and lines stand out from their ground, ${scheme}`, () => {
    const weak = PAIRS.flatMap(([front, back, least]) => {
      const ratio = contrast(colorOf(front, scheme), colorOf(back, scheme));
      return ratio < least ? [`${front} on ${back}: ${ratio.toFixed(2)}, not ${least}`] : [];
    });
    assert.deepEqual(weak, []);
  });
}

function colorOf(name: string, scheme: "light" | "dark"): string {
  const color = TOKENS.get(name);
  assert.ok(color !== undefined, `tokens.css has no --${name}`);
  return color[scheme];
}

function contrast(a: string, b: string): number {
  const [darker = 0, lighter = 0] = [luminance(a), luminance(b)].sort((one, other) => one - other);
  return (lighter + 0.05) / (darker + 0.05);
}

/** https://www.w3.org/TR/WCAG22/#dfn-relative-luminance */
function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
