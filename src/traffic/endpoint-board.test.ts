import assert from "node:assert/strict";
import { test } from "node:test";
import type { EndpointReading } from "./clusters-text.ts";
import { type BoardReading, EndpointBoard } from "./endpoint-board.ts";
import { sentTo } from "./taken-over.ts";

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

test("an upstream has failed over when fewer than 5 of 7 of its own endpoints are healthy, or it has none", () => {
  const board = new EndpointBoard(10);
  const fallback = { backend: "west", namespace: "team-shop", service: "west-cart", port: 80 };
  const spare = endpoint({ address: "10.1.0.1:80", priority: 1, fallback });
  const failed = (own: readonly EndpointReading["health"][]): readonly boolean[] => {
    const endpoints = own.map((health, at) => endpoint({ address: `10.0.0.${at}:80`, health }));
    board.apply(reading(100, [...endpoints, spare]));
    return board.failovers().map(({ failedOver }) => failedOver);
  };
  assert.deepEqual(failed(["healthy", "healthy", "healthy", "failing"]), [false]);
  assert.deepEqual(failed(["healthy", "ejected"]), [true]);
  assert.deepEqual(failed([]), [true]);
  assert.deepEqual(board.failovers()[0]?.upstream.service, "cart");
  board.apply(reading(102, [endpoint()]));
  assert.deepEqual(board.failovers(), [], "nobody stands behind it");
});

test("of several Envoys and clusters of one upstream the worst counts", () => {
  const board = new EndpointBoard(10);
  const fallback = { backend: "west", namespace: "team-shop", service: "west-cart", port: 80 };
  const spare = endpoint({ address: "10.1.0.1:80", priority: 1, fallback });
  const sees = (envoy: string, cluster: string, health: EndpointReading["health"]): void =>
    void board.apply(reading(100, [], { envoy, changed: [{ cluster, endpoints: [endpoint({ health }), spare] }] }));
  sees("e1", `${CART}~12345678`, "failing");
  sees("e2", `${CART}~12345678`, "healthy");
  sees("e2", `${CART}~23456789`, "healthy");
  assert.deepEqual(
    board.failovers().map(({ upstream, failedOver }) => [upstream.service, failedOver]),
    [["cart", true]],
  );
});

test("who had the requests of an upstream is known, and what others had stays counted when they are gone", () => {
  const board = new EndpointBoard(10);
  const fallback = { backend: "west", namespace: "team-shop", service: "west-cart", port: 80 };
  const spare = (requests: number) => endpoint({ address: "10.1.0.1:80", priority: 1, fallback, requests });
  board.apply(reading(100, [endpoint({ requests: 7 }), spare(10)]));
  assert.deepEqual(board.fallbackOf(CART, "10.1.0.1:80"), fallback);
  assert.deepEqual(
    [board.fallbackOf(CART, "10.0.0.1:80"), board.fallbackOf("x", "10.1.0.1:80")],
    [undefined, undefined],
  );
  board.apply(reading(102, [endpoint({ requests: 7 }), spare(30)]));
  const cart = { backend: "local", namespace: "team-shop", service: "cart", port: 80 };
  assert.deepEqual(sentTo(cart, board.endpoints(CART)), [
    { upstream: cart, requests: 7, perSecond: 0 },
    { upstream: fallback, requests: 30, perSecond: 10 },
  ]);
  board.apply(reading(104, [endpoint({ requests: 7 })]));
  assert.equal(sentTo(cart, board.endpoints(CART)), undefined, "nobody stands behind it");
  board.apply(reading(106, [spare(5)], { envoy: "e2" }));
  assert.deepEqual(board.takenOver(), [{ upstream: cart, by: fallback, requests: 35 }]);
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
  assert.deepEqual([board.has(CART), [...board.names()]], [false, []]);
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

test("a backend's gateway is all its versions that stand, and no cluster of its upstreams", () => {
  const board = new EndpointBoard(10);
  assert.equal(board.gatewayHealths("dc"), undefined);
  const changed = [
    { cluster: "dc/team/cart/80", endpoints: [endpoint({ health: "ejected" })] },
    { cluster: "gateway/team/cart/80", endpoints: [endpoint({ health: "ejected" })] },
    { cluster: "gateway/dc/1f", endpoints: [endpoint({ health: "failing" })] },
    { cluster: "gateway/dc2/1f", endpoints: [endpoint({ health: "draining" })] },
  ];
  board.apply(reading(100, [], { changed }));
  assert.deepEqual(board.gatewayHealths("dc"), ["failing"]);
  board.apply(reading(101, [], { changed: [{ cluster: "gateway/dc/2e", endpoints: [endpoint()] }] }));
  assert.deepEqual(board.gatewayHealths("dc"), ["failing", "healthy"]);
  board.apply(reading(102, [], { changed: [], gone: ["gateway/dc/1f"] }));
  assert.deepEqual(board.gatewayHealths("dc"), ["healthy"]);
  board.apply(reading(103, [], { changed: [], gone: ["gateway/dc/2e"] }));
  assert.equal(board.gatewayHealths("dc"), undefined);
});
