import assert from "node:assert/strict";
import { test } from "node:test";
import { AccessLog } from "#proto/envoy/config/accesslog/v3/accesslog.ts";
import { TypedStruct } from "#proto/xds/type/v3/typed_struct.ts";
import { accessLoggers, type AccessLogSettings } from "./access-log.ts";

const SETTINGS: AccessLogSettings = { slowThreshold: 1000, stdout: "off" };

function config(log: AccessLog | undefined): Record<string, unknown> {
  assert.ok(log?.configType !== undefined);
  return TypedStruct.decode(log.configType.value.value).value ?? {};
}

function names(settings: AccessLogSettings): readonly string[] {
  return accessLoggers(settings, "http").map(({ name }) => name);
}

test("exact counters, failures and a sample; lines only where they are asked for", () => {
  const always = [
    "envoy.access_loggers.stats",
    "envoy.access_loggers.stats",
    "envoy.access_loggers.http_grpc",
    "envoy.access_loggers.http_grpc",
  ];
  assert.deepEqual(names(SETTINGS), always);
  assert.deepEqual(names({ ...SETTINGS, stdout: "json" }), [...always, "envoy.access_loggers.stdout"]);
});

test("every request is counted: the counter has no filter and one tag", () => {
  const [stats] = accessLoggers(SETTINGS, "http");
  assert.equal(stats?.filter, undefined);
  const { counters, histograms } = config(stats);
  assert.equal(JSON.stringify(counters).split("value_format").length, 2);
  assert.equal(histograms, undefined);
});

test("durations are those of a share of the requests", () => {
  const [, latency] = accessLoggers(SETTINGS, "http");
  assert.match(JSON.stringify(config(latency)), /"unit":"Milliseconds"/);
  assert.ok(JSON.stringify(latency?.filter).includes("binnacle.traffic.latency"));
});

test("the shares and the threshold are asked from the runtime", () => {
  const filters = JSON.stringify(accessLoggers(SETTINGS, "http").map(({ filter }) => filter));
  for (const key of ["failures", "sample", "latency", "slow_ms", "fast_ms"])
    assert.ok(filters.includes(`binnacle.traffic.${key}`));
});

test("lines on standard output never hold a query", () => {
  for (const stdout of ["text", "json"] as const) {
    const line = JSON.stringify(config(accessLoggers({ ...SETTINGS, stdout }, "http").at(-1)));
    assert.match(line, /%PATH\(NQ\)%/);
    assert.doesNotMatch(line, /REQ\(:PATH\)|QUERY|REFERER/i);
  }
});

test("a listener's name is text, also where it looks like a command", () => {
  const [stats] = accessLoggers(SETTINGS, "a%DURATION%");
  assert.match(JSON.stringify(config(stats)), /a%%DURATION%% /);
});

function bytes(listener: string): readonly string[] {
  return accessLoggers(SETTINGS, listener).map((log) => Buffer.from(AccessLog.encode(log).finish()).toString("hex"));
}

test("equal settings give equal bytes", () => {
  assert.deepEqual(bytes("http"), bytes("http"));
  assert.notDeepEqual(bytes("http"), bytes("https"));
});
