import assert from "node:assert/strict";
import { mkdtempDisposableSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { silentLogger } from "#lib/log.ts";
import type { ControlPlaneEvents } from "../control-plane.ts";
import { LastAnswers } from "./last-answers.ts";
import { WantedNames } from "./wanted-names.ts";

test("what is known of a name stays as it is when another one is wanted, too", async () => {
  using directory = mkdtempDisposableSync(join(tmpdir(), "binnacle-names-"));
  const last = new LastAnswers(join(directory.path, "names.json"), Date.now, silentLogger);
  last.set("old.test", ["10.0.0.1"]);
  const told: string[] = [];
  let plane: ControlPlaneEvents = {};
  await using names = new WantedNames({
    controlPlane: {
      listen: (listener) => {
        plane = listener;
        return () => {};
      },
      resolved: (host, { addresses = [], failure }) => told.push(`${host} ${addresses.join()} ${failure ?? ""}`.trim()),
    },
    resolve: () => Promise.reject(new Error("no answer")),
    times: { minimumTtl: 1000, maximumTtl: 1000, retry: { least: 60_000, most: 60_000 } },
    last,
    log: silentLogger,
  });
  plane.wanted?.(new Set(["old.test"]));
  await names.settled();
  assert.deepEqual(told.splice(0), ["old.test 10.0.0.1", "old.test 10.0.0.1 no answer"]);
  plane.wanted?.(new Set(["old.test", "new.test"]));
  await names.settled();
  assert.deepEqual(told.splice(0), ["new.test  no answer"]);
  // Who is wanted again after a while begins with what was heard last.
  plane.wanted?.(new Set(["new.test"]));
  plane.wanted?.(new Set(["new.test", "old.test"]));
  assert.deepEqual(told, ["old.test 10.0.0.1"]);
});
