import assert from "node:assert/strict";
import { test } from "node:test";
import { HTTPAccessLogEntry } from "#proto/envoy/data/accesslog/v3/accesslog.ts";
import { Address } from "#proto/envoy/config/core/v3/address.ts";
import { type AccessLogName, ENTRY_TAG } from "#xds/resources/access-log.ts";
import { entryFacts, isFailure, isTwice } from "./entry.ts";
import { type EntryForTests, entryForTests } from "./entry-for-tests.ts";
import { rawRow } from "./raw-row.ts";

const ORIGIN = { envoy: "e1", kept: "sample", weight: 1, keepQueryValues: false } as const;

function row(wishes: EntryForTests, keepQueryValues = false) {
  const entry = entryForTests(wishes);
  return rawRow(entry, entryFacts(entry), { ...ORIGIN, keepQueryValues });
}

test("an entry says what a request met", () => {
  assert.deepEqual(entryFacts(entryForTests()), {
    listener: "http",
    flags: "",
    cluster: "local/team-shop/cart/80",
    routeKey: "shop.localhost/Ingress/team-shop/shop/prefix /",
    endpoint: "10.0.0.1:8080",
    code: 200,
    grpcStatus: undefined,
    start: 1_000_000,
    duration: 12,
    waiting: 1,
    connecting: 0,
    upstream: 9,
    transfer: 2,
  });
});

test("without a route the host is told; without either nothing", () => {
  assert.equal(entryFacts(entryForTests({ route: "" })).routeKey, "shop.localhost");
  assert.equal(entryFacts(entryForTests({ route: "", host: "" })).routeKey, "");
});

function phases(wishes: EntryForTests): readonly (number | undefined)[] {
  const { waiting, connecting, upstream, transfer } = entryFacts(entryForTests(wishes));
  return [waiting, connecting, upstream, transfer];
}

test("phases that a request did not come to are left out", () => {
  const none = { sent: undefined, answered: undefined };
  assert.deepEqual(phases({ sent: 5, pool: "3", answered: 9 }), [2, 3, 4, 3]);
  assert.deepEqual(
    phases({ sent: 5, pool: "9", answered: 9 }),
    [0, 5, 4, 3],
    "no phase is longer than what it is part of",
  );
  assert.deepEqual(
    phases({ answered: undefined, pool: "0" }),
    [1, 0, 11, undefined],
    "no answer: all was waiting for it",
  );
  assert.deepEqual(phases({ ...none, pool: "7" }), [undefined, 7, undefined, undefined], "no connection");
  assert.deepEqual(phases({ ...none, pool: "" }), [undefined, undefined, undefined, undefined], "answered by Envoy");
});

test("an IPv6 endpoint has brackets; none is undefined", () => {
  assert.equal(entryFacts(entryForTests({ endpoint: "2001:db8::1" })).endpoint, "[2001:db8::1]:8080");
  assert.equal(entryFacts(entryForTests({ endpoint: undefined })).endpoint, undefined);
});

test("an entry of another configuration, or an empty one, is read without harm", () => {
  const facts = entryFacts(HTTPAccessLogEntry.fromPartial({}));
  assert.deepEqual([facts.listener, facts.routeKey, facts.code, facts.duration], ["", "", 0, 0]);
  assert.equal(rawRow(HTTPAccessLogEntry.fromPartial({}), facts, ORIGIN).path, "");
});

function failed(code: number, flags: string): boolean {
  return isFailure({ code, flags });
}

function twice(code: number, flags: string, log: AccessLogName): boolean {
  return isTwice({ code, flags }, log);
}

test("an answer of gRPC counts by its status, unless the client left before it came", () => {
  const of = (wishes: EntryForTests) => {
    const { code, grpcStatus } = entryFacts(entryForTests(wishes));
    return [code, grpcStatus];
  };
  assert.deepEqual(of({ grpc: "14" }), [503, 14]);
  assert.deepEqual(of({ grpc: "0" }), [200, 0]);
  assert.deepEqual(of({ grpc: "5" }), [404, 5]);
  assert.deepEqual(of({ grpc: "99" }), [500, 99]);
  assert.deepEqual(of({ grpc: "-" }), [200, undefined]);
  assert.deepEqual(of({ grpc: "14", code: 502 }), [502, 14]);
  assert.deepEqual(of({ grpc: "2", flags: "DR" }), [200, 2]);
});

test("what failed, and what comes in both logs", () => {
  assert.deepEqual(
    [failed(200, ""), failed(404, ""), failed(404, "NR"), failed(0, ""), failed(500, "")],
    [false, false, true, true, true],
  );
  assert.equal(failed(200, "RFCF"), false, "an answer from the cache is no failure");
  assert.deepEqual(
    [twice(404, "NR", "sample"), twice(404, "NR", "failures"), twice(200, "", "sample"), twice(503, "", "sample")],
    [true, false, false, true],
  );
});

test("query values are dropped unless a setting keeps them", () => {
  assert.equal(row({ path: "/a?user=secret&x=1" }).path, "/a?user=…&x=…");
  assert.equal(row({ path: "/a?secret" }).path, "/a?…");
  assert.equal(row({ path: "/a?=secret&&b" }).path, "/a?=…&&…");
  assert.equal(row({ path: "/a?" }).path, "/a?");
  assert.equal(row({ path: "/a?x=y=z?b=c" }).path, "/a?x=…");
  assert.equal(row({ path: "/a?user=secret" }, true).path, "/a?user=secret");
});

test("what a client may make long is cut", () => {
  const { path } = row({ path: `/${"a".repeat(5000)}` });
  assert.equal(path.length, 1024);
  assert.ok(path.endsWith("…"));
});

test("a trace id is taken from a traceparent that is one", () => {
  const trace = "0af7651916cd43dd8448eb211c80319c";
  assert.equal(row({ traceparent: `00-${trace}-b7ad6b7169203331-01` }).traceId, trace);
  assert.equal(row({ traceparent: "nonsense" }).traceId, undefined);
  assert.equal(row({}).traceId, undefined);
});

test("an endpoint behind a gateway is told by its own address, not by the way there", () => {
  const entry = entryForTests();
  const common = {
    ...entry.commonProperties!,
    upstreamRemoteAddress: Address.fromPartial({ address: { $case: "pipe", value: { path: "/run/gateway.sock" } } }),
  };
  const facts = (tag: string) =>
    entryFacts({ ...entry, commonProperties: { ...common, customTags: { [ENTRY_TAG]: tag } } });
  assert.equal(facts("http - east/team-shop/cart/80 0 shop.localhost - 10.0.0.1:8080").endpoint, "10.0.0.1:8080");
  assert.equal(facts("http - east/team-shop/cart/80 0 shop.localhost - -").endpoint, undefined);
});
