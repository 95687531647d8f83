import assert from "node:assert/strict";
import { test } from "node:test";
import { mayAskAlertmanager } from "./alertmanager-paths.ts";
import { documentPolicy } from "./document-policy.ts";
import { mayAskPrometheus } from "./prometheus-paths.ts";

for (const request of [
  "GET /",
  "GET /graph",
  "GET /query",
  "GET /assets/index-1a2b.js",
  "GET /api/v1/query",
  "POST /api/v1/query",
  "POST /api/v1/query_range",
  "GET /api/v1/label/__name__/values",
  "GET /api/v1/metadata",
  "GET /api/v1/rules",
  "GET /api/v1/targets",
]) {
  test(`Prometheus is asked ${request}`, () => assert.equal(mayAskPrometheus(...parts(request)), true));
}

for (const request of [
  "POST /",
  "PUT /api/v1/query",
  "POST /api/v1/targets",
  "GET /api/v1/query/",
  "GET /api/v1/status/config",
  "POST /api/v1/admin/tsdb/delete_series",
  "PUT /api/v1/admin/tsdb/snapshot",
  "POST /api/v1/write",
  "POST /api/v1/read",
  "POST /-/reload",
  "POST /-/quit",
  "GET /-/healthy",
  "GET /federate",
  "GET /metrics",
  "GET /debug/pprof/heap",
  "DELETE /api/v1/series",
]) {
  test(`Prometheus is not asked ${request}`, () => assert.equal(mayAskPrometheus(...parts(request)), false));
}

for (const request of [
  "GET /",
  "GET /api/v2/alerts",
  "GET /api/v2/silences",
  "POST /api/v2/silences",
  "DELETE /api/v2/silence/a-1",
]) {
  test(`Alertmanager is asked ${request}`, () => assert.equal(mayAskAlertmanager(...parts(request)), true));
}

for (const request of [
  "POST /api/v2/alerts",
  "GET /api/v2/status",
  "GET /api/v1/status",
  "POST /-/reload",
  "GET /metrics",
  "GET /debug/pprof",
  "DELETE /api/v2/silences",
]) {
  test(`Alertmanager is not asked ${request}`, () => assert.equal(mayAskAlertmanager(...parts(request)), false));
}

test("a page's own inline scripts are named by hash, nothing else runs inline", () => {
  const policy = documentPolicy(
    `<script src="/a.js"></script><script>let a = 1;</script><SCRIPT type="module">\nb\n</SCRIPT>`,
  );
  const scripts = policy.split("; ").find((part) => part.startsWith("script-src"));
  assert.match(scripts ?? "", /^script-src 'self' 'sha256-[^']{44}' 'sha256-[^']{44}'$/);
});

function parts(request: string): [method: string, path: string] {
  const [method = "", path = ""] = request.split(" ");
  return [method, path];
}
