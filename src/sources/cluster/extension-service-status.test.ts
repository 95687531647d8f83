import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "#kubernetes/resource-type.ts";
import { EXTENSION_SERVICE_STATUS } from "./extension-service-status.ts";
import type { WantedStatus } from "./status-form.ts";

const NOW = Date.parse("2026-01-31T12:00:00.500Z");
const OTHERS = { type: "Ready", status: "True", reason: "x", message: "", lastTransitionTime: "2020-01-01T00:00:00Z" };
const FINE: WantedStatus = { addresses: [{ ip: "192.0.2.1" }], problems: [] };
const WRONG: WantedStatus = {
  ...FINE,
  problems: [
    { severity: "error", type: "ServiceError", reason: "ServiceUnresolvedReference", path: "", message: "no Service" },
  ],
};

function extension(status: object = {}, writer = "binnacle"): KubeObject {
  const managedFields = [{ manager: writer, subresource: "status", fieldsV1: { "f:status": { "f:conditions": {} } } }];
  return { metadata: { name: "auth", generation: 3, managedFields }, status };
}

function patch(object: KubeObject, wanted: WantedStatus | undefined, now = NOW) {
  return EXTENSION_SERVICE_STATUS.see(object).patch(wanted, now) as { status: Record<string, unknown> } | undefined;
}

test("the condition is all that is written, once; conditions of others stay", () => {
  const written = patch(extension({ conditions: [OTHERS] }), FINE);
  const valid = {
    type: "Valid",
    status: "True",
    reason: "Valid",
    message: "Valid ExtensionService",
    observedGeneration: 3,
    lastTransitionTime: "2026-01-31T12:00:00Z",
  };
  assert.deepEqual(written, { status: { conditions: [OTHERS, valid] } });
  assert.equal(patch(extension(written.status), FINE, NOW + 60_000), undefined);
  assert.partialDeepStrictEqual(patch(extension(written.status), WRONG, NOW + 60_000), {
    status: {
      conditions: [
        OTHERS,
        {
          status: "False",
          reason: "ErrorPresent",
          errors: [{ type: "ServiceError", reason: "ServiceUnresolvedReference" }],
          lastTransitionTime: "2026-01-31T12:01:00Z",
        },
      ],
    },
  });
});

test("a warning stands beside a condition that is true", () => {
  const differs = { type: "ServiceError", reason: "ServicePolicyDiffers" };
  const problem = {
    severity: "warning",
    ...differs,
    path: "spec.services[1]",
    message: "differs",
    fix: "agree",
  } as const;
  assert.partialDeepStrictEqual(patch(extension(), { ...FINE, problems: [problem] }), {
    status: {
      conditions: [
        {
          status: "True",
          reason: "Valid",
          message: "Valid ExtensionService",
          warnings: [{ ...differs, status: "True", message: "spec.services[1]: differs; agree" }],
        },
      ],
    },
  });
});

test("one of another class loses what we wrote, once, and nothing of another controller's", () => {
  const { status } = patch(extension({ conditions: [OTHERS] }), FINE)!;
  const dropped = patch(extension(status), undefined);
  assert.deepEqual(dropped, { status: { conditions: [OTHERS] } });
  assert.equal(patch(extension(dropped.status), undefined), undefined);
  assert.equal(patch(extension(status, "contour"), undefined), undefined);
});
