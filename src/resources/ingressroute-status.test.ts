import assert from "node:assert/strict";
import { test } from "node:test";
import { ingressRouteStatus } from "./ingressroute-status.ts";

const missing = {
  severity: "error",
  type: "ServiceError",
  reason: "ServiceUnresolvedReference",
  path: "spec.routes[0].services[0]",
  message: "there is no Service a",
  fix: "create it",
} as const;

test("the status of an IngressRoute is a word and a text", () => {
  assert.deepEqual(ingressRouteStatus([]), { currentStatus: "valid", description: "valid IngressRoute" });
  assert.deepEqual(ingressRouteStatus([{ ...missing, severity: "warning" }]).currentStatus, "valid");
  assert.deepEqual(ingressRouteStatus([missing]), {
    currentStatus: "invalid",
    description: "spec.routes[0].services[0]: there is no Service a; create it",
  });
  const orphaned = { severity: "error", type: "Orphaned", reason: "Orphaned", path: "", message: "nobody" } as const;
  assert.deepEqual(ingressRouteStatus([orphaned]), { currentStatus: "orphaned", description: "nobody" });
});
