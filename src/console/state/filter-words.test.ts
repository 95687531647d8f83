import assert from "node:assert/strict";
import { test } from "node:test";
import type { TrafficFilter } from "#traffic/messages.ts";
import { readFilterWords, withoutPair, withPair } from "./filter-words.ts";

const CASES: readonly (readonly [words: string, filter: TrafficFilter])[] = [
  ["host:shop.localhost code:5xx", { hosts: ["shop.localhost"], codes: ["5xx"] }],
  ["/cart", { pathPrefix: "/cart" }],
  ["checkout", { pathContains: "checkout" }],
  ["slower:1.5s", { slowerThan: 1500 }],
  ["status:404 STATUS:500", { codes: [404, 500] }],
  ["ns:team-shop ip:2001:db8::1", { namespaces: ["team-shop"], clients: ["2001:db8::1"] }],
  ['path-contains:"a b"', { pathContains: "a b" }],
  ["http://x", { pathContains: "http://x" }],
  ["  ", {}],
];

for (const [words, filter] of CASES) {
  test(`${JSON.stringify(words)} is read`, () => assert.deepEqual(readFilterWords(words, {}), { ok: true, filter }));
}

test("words are added to the filter that stands, once", () => {
  const standing: TrafficFilter = { hosts: ["a"], codes: ["5xx"] };
  assert.deepEqual(readFilterWords("host:b host:a", standing), {
    ok: true,
    filter: { hosts: ["a", "b"], codes: ["5xx"] },
  });
});

for (const words of ["code:9xx", "slower:soon", "kept:all", "host:a cluster:x"]) {
  test(`${JSON.stringify(words)} is answered with what to write instead`, () => {
    const read = readFilterWords(words, {});
    assert.ok(!read.ok && read.problem.length > 20, JSON.stringify(read));
  });
}

test("a pair is taken out, and put in once", () => {
  assert.deepEqual(withoutPair({ hosts: ["a", "b"] }, ["host", "a"]), { hosts: ["b"] });
  assert.deepEqual(withPair({ hosts: ["a"] }, ["host", "a"]), { hosts: ["a"] });
  assert.deepEqual(withPair({}, ["client", "192.0.2.1"]), { clients: ["192.0.2.1"] });
});
