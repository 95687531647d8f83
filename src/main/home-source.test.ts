import assert from "node:assert/strict";
import { mkdtempDisposableSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { defaultConfig } from "#config/load-config.ts";
import { createLogger } from "#lib/log.ts";
import { followHome } from "./home-source.ts";
import { translateSettings } from "./translate-settings.ts";
import { controlPlaneForTests } from "./control-plane-for-tests.ts";

/** A directory that is there and empty, followed with `settle` between its first reading and Envoy. */
async function follow(settle: () => Promise<unknown>, signal: AbortSignal, parts: AsyncDisposableStack) {
  const directory = parts.use(mkdtempDisposableSync(join(tmpdir(), "binnacle-home-"))).path;
  const defaults = defaultConfig();
  const config = { ...defaults, sources: { ...defaults.sources, directory } };
  const controlPlane = controlPlaneForTests({
    translate: translateSettings(config, []),
  });
  const lines: string[] = [];
  const log = createLogger({ level: "error", format: "text", write: (line) => lines.push(line) });
  const home = { sink: controlPlane.store, settle, cluster: undefined, watchers: [], signal };
  const followed = followHome(config, controlPlane, home, log, parts);
  return { lines, followed };
}

test("who stops while backends or names are waited for waits no longer", async () => {
  await using parts = new AsyncDisposableStack();
  const stop = new AbortController();
  const waiting = Promise.withResolvers<void>();
  const never = new Promise<never>(() => {});
  const settle = (): Promise<never> => {
    waiting.resolve();
    return never;
  };
  const { followed } = await follow(settle, stop.signal, parts);
  const refused = assert.rejects(followed, { name: "AbortError" });
  await waiting.promise;
  stop.abort();
  await refused;
});

test("what ends it is told, whether anybody waits for it or not", async () => {
  await using parts = new AsyncDisposableStack();
  const settle = (): Promise<never> => Promise.reject(new Error("a defect"));
  const { followed, lines } = await follow(settle, new AbortController().signal, parts);
  await assert.rejects(followed, /a defect/);
  assert.match(lines.join("\n"), /not followed any more.*a defect/);
});
