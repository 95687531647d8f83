import assert from "node:assert/strict";
import { test } from "node:test";
import { capped, parseClientMessage } from "./client-message.ts";
import type { ClientMessage } from "./messages.ts";

test("each kind of message is read", () => {
  const messages: readonly ClientMessage[] = [
    { type: "subscribe" },
    { type: "subscribe", filter: { codes: [404, "5xx"], hosts: ["a"], slowerThan: 1.5 }, rowsPerSecond: 10 },
    { type: "pause" },
    { type: "resume" },
    { type: "pin", pin: { client: "192.0.2.1" }, seconds: 60 },
    { type: "unpin", id: "1" },
    { type: "history", id: "1", from: 1, to: 2, limit: 3 },
  ];
  for (const message of messages) assert.deepEqual(parseClientMessage(JSON.stringify(message)), message);
});

test("what is not understood is said, with its place", () => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ["", "", /not JSON/],
    ["{", "", /not JSON/],
    ["null", "", /expected object/],
    ["[]", "", /expected object/],
    ['{"type":"dance"}', "type", /./],
    ['{"type":"subscribe","filters":{}}', "", /filters/],
    ['{"type":"subscribe","filter":{"hots":["a"]}}', "filter", /hots/],
    ['{"type":"subscribe","filter":{"codes":["5yy"]}}', "filter.codes[0]", /./],
    ['{"type":"subscribe","filter":{"hosts":[1]}}', "filter.hosts[0]", /string/],
    ['{"type":"subscribe","rowsPerSecond":-1}', "rowsPerSecond", /./],
    ['{"type":"subscribe","rowsPerSecond":1e999}', "rowsPerSecond", /./],
    [`{"type":"subscribe","filter":{"hosts":["${"a".repeat(501)}"]}}`, "filter.hosts[0]", /500/],
    [JSON.stringify({ type: "subscribe", filter: { flags: Array(201).fill("UF") } }), "filter.flags", /200/],
    ['{"type":"pin","pin":{}}', "pin", /at least one/],
    ['{"type":"pin","pin":{"client":"a"},"seconds":0}', "seconds", /./],
    ['{"type":"unpin"}', "id", /./],
  ];
  for (const [received, path, message] of cases) {
    const answer = parseClientMessage(received);
    assert.ok(answer.type === "problem", received);
    assert.equal(answer.path, path, received);
    assert.match(answer.message, message, received);
  }
});

test("limits are capped", () => {
  const limit = { default: 5, most: 10 };
  assert.deepEqual([capped(undefined, limit), capped(7, limit), capped(99, limit), capped(0, limit)], [5, 7, 10, 0]);
});
