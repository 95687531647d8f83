import assert from "node:assert/strict";
import { test } from "node:test";
import type { EndpointReading } from "./clusters-text.ts";
import { type BoardReading, EndpointBoard } from "./endpoint-board.ts";

const CART = "local/team-shop/cart/80";

function endpoint(more: Partial<EndpointReading> = {}): EndpointReading {
  return {
    address: "10.0.0.1:80",
    health: "healthy",
    zone: "",
    activeRequests: 0,
    activeConnections: 0,
    requests: 0,
    errors: 0,
    timeouts: 0,
    connectFailures: 0,
    ...more,
  };
}

function reading(at: number, endpoints: readonly EndpointReading[], more: Partial<BoardReading> = {}): BoardReading {
  return { envoy: "e1", changed: [{ cluster: CART, endpoints }], gone: [], restarted: false, at, ...more };
}

test("rates are what happened between two readings; standing still is 0", () => {
  const board = new EndpointBoard(10);
  board.apply(reading(100, [endpoint({ requests: 50, errors: 1 })]));
  assert.equal(board.endpoints(CART)[0]?.perSecond, 0, "what happened before the first reading is no rate");
  board.apply(reading(102, [endpoint({ requests: 60, errors: 3 })]));
  const [state] = board.endpoints(CART);
  assert.deepEqual([state?.requests, state?.perSecond, state?.errorsPerSecond], [60, 5, 1]);
  const still = { envoy: "e1", changed: [], gone: [], restarted: false };
  assert.deepEqual(board.apply({ ...still, at: 104 }), [CART]);
  assert.deepEqual(board.apply({ ...still, at: 106 }), []);
  assert.equal(board.endpoints(CART)[0]?.perSecond, 0);
});

test("counters never go back, nor count twice, when Envoy restarts", () => {
  const board = new EndpointBoard(10);
  board.apply(reading(100, [endpoint({ requests: 50 })]));
  board.apply(reading(102, [endpoint({ requests: 50 })], { restarted: true }));
  assert.equal(board.endpoints(CART)[0]?.requests, 100);
  board.apply(reading(104, [endpoint({ requests: 10 })]));
  assert.equal(board.endpoints(CART)[0]?.requests, 110);
});

test("endpoints and clusters go when Envoy no longer has them", () => {
  const board = new EndpointBoard(10);
  board.apply(reading(100, [endpoint(), endpoint({ address: "10.0.0.2:80" })]));
  board.apply(reading(102, [endpoint({ address: "10.0.0.2:80" })]));
  assert.deepEqual(
    board.endpoints(CART).map(({ address }) => address),
    ["10.0.0.2:80"],
  );
  board.apply(reading(104, [], { changed: [], gone: [CART] }));
  assert.deepEqual([board.has(CART), board.clusters()], [false, []]);
});

test("of several Envoys counts add up and the worst health is shown", () => {
  const board = new EndpointBoard(10);
  board.apply(reading(100, [endpoint({ requests: 5, activeRequests: 1 })]));
  board.apply(reading(100, [endpoint({ requests: 7, activeRequests: 2, health: "ejected" })], { envoy: "e2" }));
  const [state] = board.endpoints(CART);
  assert.deepEqual([state?.requests, state?.activeRequests, state?.health], [12, 3, "ejected"]);
  board.forget("e2");
  assert.equal(board.endpoints(CART)[0]?.health, "healthy");
});

const ANSWERS = { cluster: CART, endpoint: "10.0.0.1:80", second: 100, buckets: new Map([[20, 3]]), failed: 0 };

test("latencies are those of the window", () => {
  const board = new EndpointBoard(10);
  board.apply(reading(100, [endpoint()]));
  board.addAnswers(ANSWERS);
  assert.ok(board.endpoints(CART)[0]?.latency !== undefined);
  assert.deepEqual(board.trim(105), []);
  assert.deepEqual(board.trim(120), [CART]);
  assert.equal(board.endpoints(CART)[0]?.latency, undefined);
});

test("errors are attempts that Envoy repeated and requests that failed, until the endpoint is gone", () => {
  const board = new EndpointBoard(10);
  board.apply(reading(100, [endpoint({ errors: 2 })]));
  board.addAnswers({ ...ANSWERS, failed: 20 });
  const errors = () => board.endpoints(CART).map((state) => [state.errors, state.errorsPerSecond]);
  assert.deepEqual(errors(), [[22, 2]]);
  board.trim(120);
  assert.deepEqual(errors(), [[22, 0]], "the rate is the window's");
  board.apply(reading(122, []));
  board.trim(123);
  board.apply(reading(124, [endpoint()]));
  assert.deepEqual(errors(), [[0, 0]], "another one has the same address");
});
