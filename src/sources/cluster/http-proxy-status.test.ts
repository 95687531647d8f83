import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "#kubernetes/resource-type.ts";
import type { ProxyProblem } from "#resources/httpproxy-status.ts";
import { HTTP_PROXY_STATUS } from "./http-proxy-status.ts";
import type { WantedStatus } from "./status-form.ts";

const NOW = Date.parse("2026-01-31T12:00:00.500Z");
const fine: WantedStatus = { addresses: [{ ip: "192.0.2.1" }], problems: [] };
const WRONG: ProxyProblem = {
  severity: "error",
  type: "RouteError",
  reason: "ServiceUnresolvedReference",
  path: "",
  message: "there is no Service cart",
};

function proxy(status: object = {}, generation = 3, writer = "contour"): KubeObject {
  const fieldsV1 = { "f:status": { "f:currentStatus": {}, "f:loadBalancer": {} } };
  const managedFields = [{ manager: writer, subresource: "status", fieldsV1 }];
  return { metadata: { name: "shop", generation, managedFields }, status };
}

function patch(object: KubeObject, wanted: WantedStatus | undefined, now = NOW) {
  return HTTP_PROXY_STATUS.see(object).patch(wanted, now) as { status: Record<string, unknown> } | undefined;
}

test("words, condition and addresses are written once, and then there is nothing to write", () => {
  const written = patch(proxy(), fine);
  assert.deepEqual(written, {
    status: {
      currentStatus: "valid",
      description: "Valid HTTPProxy",
      conditions: [
        {
          type: "Valid",
          status: "True",
          reason: "Valid",
          message: "Valid HTTPProxy",
          observedGeneration: 3,
          lastTransitionTime: "2026-01-31T12:00:00Z",
        },
      ],
      loadBalancer: { ingress: [{ ip: "192.0.2.1" }] },
    },
  });
  assert.equal(patch(proxy(written.status), fine, NOW + 60_000), undefined);
});

test("the time of the condition is that of its change, and conditions of others stay", () => {
  const other = { type: "Ready", status: "True", reason: "x", message: "", lastTransitionTime: "2020-01-01T00:00:00Z" };
  const { status } = patch(proxy({ conditions: [other] }), fine)!;
  const later = patch(proxy(status, 4), fine, NOW + 60_000)!;
  const conditions = later.status["conditions"] as readonly Record<string, unknown>[];
  assert.deepEqual(conditions[0], other);
  assert.deepEqual(
    [conditions[1]?.["observedGeneration"], conditions[1]?.["lastTransitionTime"]],
    [4, "2026-01-31T12:00:00Z"],
  );
  const wrong = patch(proxy(status), { ...fine, problems: [WRONG] }, NOW + 60_000)!;
  const changed = wrong.status["conditions"] as readonly Record<string, unknown>[];
  assert.equal(wrong.status["currentStatus"], "invalid");
  assert.equal(changed[1]?.["lastTransitionTime"], "2026-01-31T12:01:00Z");
});

test("a proxy of another class loses what we wrote, and nothing else", () => {
  const { status } = patch(proxy(), fine)!;
  assert.deepEqual(patch(proxy(status, 3, "binnacle"), undefined), {
    status: { currentStatus: null, description: null, conditions: [], loadBalancer: { ingress: null } },
  });
  assert.equal(patch(proxy(status), undefined), undefined);
});
