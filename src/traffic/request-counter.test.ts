import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRequestCounter } from "./request-counter.ts";

const PREFIX = "binnacle.requests.request.";

test("a counter's name says what its requests met", () => {
  const route = "shop.localhost/Ingress/team-shop/shop/prefix /a b";
  assert.deepEqual(parseRequestCounter(`${PREFIX}503 URX,UF local/team-shop/cart/80 http ${route}`), {
    code: 503,
    flags: ["UF", "URX"],
    cluster: "local/team-shop/cart/80",
    listener: "http",
    routeKey: route,
  });
});

test("what was not there is empty", () => {
  assert.deepEqual(parseRequestCounter(`${PREFIX}0 DC  http `), {
    code: 0,
    flags: ["DC"],
    cluster: "",
    listener: "http",
    routeKey: "",
  });
  assert.deepEqual(parseRequestCounter(`${PREFIX}200 - - http shop`)?.cluster, "");
});

test("an answer of gRPC counts by its status, unless the client left before it came", () => {
  const code = (key: string): number | undefined => parseRequestCounter(`${PREFIX}${key} a/b/c/80 http shop`)?.code;
  assert.deepEqual(
    ["200/- -", "404/- NR", "200/0 -", "200/14 -", "200/5 -", "503/14 UH", "200/2 DR", "200/99 -"].map(code),
    [200, 404, 200, 503, 404, 503, 200, 500],
  );
});

test("other counters are none", () => {
  for (const name of ["access_logs.grpc_access_log.logs_dropped", PREFIX, `${PREFIX}200 -`, `x${PREFIX}200 - a b c`]) {
    assert.equal(parseRequestCounter(name), undefined, name);
  }
});
