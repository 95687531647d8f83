import assert from "node:assert/strict";
import { test } from "node:test";
import { requestRow } from "./request-row.ts";
import { entryFacts } from "./entry.ts";
import { entryForTests } from "./entry-for-tests.ts";
import { FlowTable } from "./flows.ts";
import { rawRow } from "./raw-row.ts";
import { TextPool } from "./text-pool.ts";

test("a text is what it was, however many come", () => {
  const pool = new TextPool();
  for (let index = 0; index < 50_000; index++) assert.equal(pool.shared(`text ${index}`), `text ${index}`);
  assert.equal(pool.shared("text 1"), "text 1");
});

test("rows of one flow share its objects", () => {
  const [flows, pool] = [new FlowTable(), new TextPool()];
  const row = (id: number) => {
    const entry = entryForTests();
    const raw = rawRow(entry, entryFacts(entry), { envoy: "e", kept: "sample", weight: 1, keepQueryValues: false });
    return requestRow(raw, flows.flow(raw.envoy, raw.listener, raw.routeKey, raw.cluster), id, pool, undefined);
  };
  const [first, second] = [row(1), row(2)];
  assert.equal(first.owner, second.owner);
  assert.equal(first.upstream, second.upstream);
  assert.deepEqual({ ...first, id: 0 }, { ...second, id: 0 });
  assert.deepEqual([first.method, first.userAgent, first.flags], ["GET", "curl/8", []]);
});
