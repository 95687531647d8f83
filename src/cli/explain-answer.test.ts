import assert from "node:assert/strict";
import { test } from "node:test";
import type { Explanation } from "#api/ports/explain.ts";
import { rowForTests } from "#traffic/row-for-tests.ts";
import { answerDifferences, type AnswerHeaders, answerWords } from "./explain-answer.ts";

const UPSTREAM = { backend: "local", namespace: "team-shop", service: "cart", port: 80, notes: [], endpoints: [] };
const COMPRESSION = { encodings: ["br", "gzip"], types: ["text/html"], least: 1024, chosen: "br" } as const;

const EXPECTED: Explanation = {
  summary: "",
  http3: { ports: [443, 8443] },
  losers: [],
  hiddenLosers: 0,
  steps: [],
  upstreams: [{ ...UPSTREAM, cluster: "local/team-shop/cart/80", share: 1, compression: COMPRESSION }],
  mirrors: [],
};

const PLAIN: AnswerHeaders = {
  contentType: "text/html; charset=utf-8",
  contentLength: "1024",
  altSvc: 'h3=":443"; ma=86400, h3=":8443"; ma=86400',
};
const NOT_COMPRESSED = ["compression: predicted br, and it was none"];

for (const [what, answer, expected] of [
  ["an answer that came as it is, and had to be encoded", PLAIN, NOT_COMPRESSED],
  ["an answer that is encoded, by whomever", { ...PLAIN, contentEncoding: "gzip" }, []],
  ["an answer that is too small for it", { ...PLAIN, contentLength: "1023" }, []],
  ["an answer without a length", { ...PLAIN, contentLength: undefined }, []],
  ["an answer of another type", { ...PLAIN, contentType: "image/png" }, []],
  ["an answer that says no", { ...PLAIN, cacheControl: "public, no-transform" }, []],
  [
    "an answer that tells of one port alone",
    { ...PLAIN, contentEncoding: "br", altSvc: 'h3=":443"; ma=86400' },
    ['HTTP/3: predicted UDP port 8443, and Alt-Svc was h3=":443"; ma=86400'],
  ],
] as const) {
  test(what, () => assert.deepEqual(answerDifferences(EXPECTED, rowForTests(), answer), expected));
}

test("what a filter answers says nothing of the host and its upstreams", () => {
  assert.deepEqual(answerDifferences(EXPECTED, rowForTests({ code: 403, details: "rbac_access_denied" }), {}), []);
});

test("nothing is missed where nothing was predicted", () => {
  const { chosen: _chosen, ...unasked } = COMPRESSION;
  const upstreams = EXPECTED.upstreams.map((upstream) => ({ ...upstream, compression: unasked }));
  const { altSvc: _altSvc, ...untold } = PLAIN;
  const expected = { ...EXPECTED, upstreams, http3: { ports: [], why: "no listener speaks it" } };
  assert.deepEqual(answerDifferences(expected, rowForTests(), untold), []);
});

test("what an answer told is said in words", () => {
  assert.equal(answerWords({ contentEncoding: "br", altSvc: 'h3=":443"' }), ', in br, Alt-Svc h3=":443"');
  assert.equal(answerWords({}), "");
});
