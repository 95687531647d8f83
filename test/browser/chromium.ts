import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** Why the tests in a browser are skipped, in a line; undefined when there is one. */
export function missingChromium(): string | undefined {
  if (chromiumPath() !== undefined) return undefined;
  return "no Chromium: apt-get install -y --no-install-recommends chromium, or name one with BINNACLE_CHROMIUM";
}

/** BINNACLE_CHROMIUM, else the first of the usual names on PATH. */
export function chromiumPath(): string | undefined {
  const named = process.env["BINNACLE_CHROMIUM"];
  if (named !== undefined && named !== "") return named;
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
}

/** A browser of its own, without a screen, that talks to nobody but the page's server. */
export async function launchChromium(): Promise<Browser> {
  const executablePath = chromiumPath();
  if (executablePath === undefined) throw new Error(missingChromium());
  const args = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ];
  return chromium.launch({ executablePath, headless: true, args, timeout: 120_000 });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
