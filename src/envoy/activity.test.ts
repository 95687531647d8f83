import assert from "node:assert/strict";
import { test } from "node:test";
import { activity } from "./activity.ts";

test("requests are counted, and connections that are not HTTP", () => {
  const stats = [
    "http.admin.downstream_cx_active: 1",
    "http.admin.downstream_rq_active: 1",
    "http.binnacle_stats.downstream_cx_active: 2",
    "http.binnacle_stats.downstream_rq_active: 2",
    "http.http.downstream_cx_active: 7",
    "http.http.downstream_rq_active: 3",
    "http.https.downstream_cx_active: 1",
    "http.https.downstream_rq_active: 1",
    "listener.0.0.0.0_8080.downstream_cx_active: 7",
    "listener.0.0.0.0_8080.worker_0.downstream_cx_active: 7",
    "listener.admin.downstream_cx_active: 1",
    "listener.admin.main_thread.downstream_cx_active: 1",
    "listener.binnacle_stats.downstream_cx_active: 2",
    "listener.https.downstream_cx_active: 3",
    "listener.mail.downstream_cx_active: 4",
    "",
  ].join("\n");
  // 7 + 3 + 4 connections, 8 of them HTTP.
  assert.deepEqual(activity(stats), { requests: 4, rawConnections: 6 });
});

test("statistics read one after the other may not add up; nothing is negative", () => {
  const stats =
    "http.http.downstream_cx_active: 2\nhttp.http.downstream_rq_active: 0\nlistener.http.downstream_cx_active: 1\n";
  assert.deepEqual(activity(stats), { requests: 0, rawConnections: 0 });
});

test("no line of a listener of ours is no answer, rather than no activity", () => {
  assert.equal(activity(""), undefined);
  assert.equal(activity("http.admin.downstream_rq_active: 1\n"), undefined);
});
