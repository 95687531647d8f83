import assert from "node:assert/strict";
import { test } from "node:test";
import { hostOf, routedRequest } from "./match-request.ts";

const request = (target: string, authority = "shop.test", headers: readonly (readonly [string, string])[] = []) =>
  routedRequest({ secure: false, method: "GET", authority, target, headers });

for (const [target, path, search] of [
  ["/", "/", ""],
  ["/a//b///c", "/a/b/c", ""],
  ["///", "//", ""],
  ["/a/./b/../c", "/a/c", ""],
  ["/../../a", "/a", ""],
  ["/a/..", "/", ""],
  ["/a%2e%2E/b", "/a../b", ""],
  ["/%2e%2E/b", "/b", ""],
  ["/%61%2d%7E%2B", "/a-~%2B", ""],
  ["/a\\b", "/a/b", ""],
  ["/a|b", "/a%7Cb", ""],
  ["/a?x=//%2f", "/a", "?x=//%2f"],
] as const) {
  test(`${target} is routed as ${path}`, () => {
    const routed = request(target);
    assert.ok("path" in routed);
    assert.deepEqual([routed.path, routed.search], [path, search]);
  });
}

for (const [target, status, location] of [
  ["/a%2Fb?x=%2f", 307, "/a/b?x=%2f"],
  ["/a%5Cb", 307, "/a/b"],
  ["/a%00", 400, undefined],
  ["/é", 400, undefined],
] as const) {
  test(`${target} is answered with ${status} before routing`, () => {
    const early = request(target);
    assert.ok("status" in early);
    assert.deepEqual([early.status, early.location], [status, location]);
  });
}

test("the host is told without case, port and the dot at its end", () => {
  for (const [authority, host] of [
    ["Shop.TEST", "shop.test"],
    ["shop.test.:8080", "shop.test"],
    ["[::1]:80", "[::1]"],
    ["[::1]", "[::1]"],
  ] as const) {
    assert.equal(hostOf(authority), host);
  }
});

test("headers are found by lower-case name, and values of one name are joined", () => {
  const routed = request("/x?a=1&a=2&b&=c", "shop.test:8080", [
    ["X-A", "1"],
    ["x-a", "2"],
  ]);
  assert.ok("headers" in routed);
  assert.equal(routed.headers.get("x-a"), "1,2");
  assert.equal(routed.headers.get(":authority"), "shop.test:8080");
  assert.deepEqual(
    [...routed.query],
    [
      ["a", "1"],
      ["b", ""],
      ["", "c"],
    ],
  );
});

test("a header with an underscore is refused, as the listener refuses it", () => {
  const early = request("/", "shop.test", [["x_a", "1"]]);
  assert.ok("status" in early && early.status === 400);
});
