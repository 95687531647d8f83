import assert from "node:assert/strict";
import { test } from "node:test";
import { httpProxyStatus, type ProxyProblem } from "./httpproxy-status.ts";

function problem(type: string | undefined, reason: string, message: string): ProxyProblem {
  return { severity: "error", ...(type === undefined ? {} : { type }), reason, path: "", message };
}

test("without problems a proxy is valid", () => {
  assert.deepEqual(httpProxyStatus([], 3), {
    currentStatus: "valid",
    description: "Valid HTTPProxy",
    conditions: [{ type: "Valid", status: "True", reason: "Valid", message: "Valid HTTPProxy", observedGeneration: 3 }],
  });
});

test("warnings change neither reason nor message", () => {
  const warning = {
    severity: "warning",
    type: "SpecError",
    reason: "IgnoredField",
    path: "spec.x",
    message: "m",
    fix: "f",
  };
  const [condition] = httpProxyStatus([warning as ProxyProblem], undefined).conditions;
  assert.deepEqual(condition, {
    type: "Valid",
    status: "True",
    reason: "Valid",
    message: "Valid HTTPProxy",
    warnings: [{ type: "SpecError", status: "True", reason: "IgnoredField", message: "spec.x: m; f" }],
  });
});

test("errors stand by type; of several reasons none is named", () => {
  const status = httpProxyStatus(
    [
      problem("RouteError", "A", "1"),
      problem("ServiceError", "B", "2"),
      problem("RouteError", "C", "3"),
      problem(undefined, "Invalid", "4"),
    ],
    undefined,
  );
  assert.equal(status.currentStatus, "invalid");
  assert.equal(status.description, "At least one error present, see Errors for details");
  assert.deepEqual(status.conditions[0].errors, [
    { type: "RouteError", status: "True", reason: "MultipleReasons", message: "1, 3" },
    { type: "ServiceError", status: "True", reason: "B", message: "2" },
    { type: "SpecError", status: "True", reason: "Invalid", message: "4" },
  ]);
});

test("an orphan is one as long as that is all", () => {
  const orphaned = problem("Orphaned", "Orphaned", "alone");
  const { currentStatus, description, conditions } = httpProxyStatus([orphaned], undefined);
  assert.deepEqual([currentStatus, description, conditions[0].reason], ["orphaned", "alone", "Orphaned"]);
  assert.equal(httpProxyStatus([orphaned, problem("SpecError", "A", "1")], undefined).currentStatus, "invalid");
});

test("what no API server would take is cut", () => {
  const [condition] = httpProxyStatus([problem("RouteError", "A", "x".repeat(40_000))], undefined).conditions;
  assert.equal(condition.errors?.[0]?.message.length, 32_760);
});
