import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "#kubernetes/resource-type.ts";
import type { ProxyProblem } from "#resources/httpproxy-status.ts";
import { INGRESS_ROUTE_STATUS } from "./ingress-route-status.ts";
import type { WantedStatus } from "./status-form.ts";

const fine: WantedStatus = { addresses: [{ ip: "192.0.2.1" }], problems: [] };
const WRONG: ProxyProblem = {
  severity: "error",
  type: "ServiceError",
  reason: "ServiceUnresolvedReference",
  path: "spec.routes[0].services[0]",
  message: "there is no Service cart",
};

function ingressRoute(status: object = {}, writer = "contour"): KubeObject {
  const fieldsV1 = { "f:status": { "f:currentStatus": {}, "f:loadBalancer": {} } };
  return { metadata: { name: "shop", managedFields: [{ manager: writer, subresource: "status", fieldsV1 }] }, status };
}

function patch(object: KubeObject, wanted: WantedStatus | undefined) {
  return INGRESS_ROUTE_STATUS.see(object).patch(wanted, 0) as { status: Record<string, unknown> } | undefined;
}

test("words and addresses are written once, and then there is nothing to write", () => {
  const written = patch(ingressRoute(), fine);
  assert.deepEqual(written, {
    status: {
      currentStatus: "valid",
      description: "valid IngressRoute",
      loadBalancer: { ingress: [{ ip: "192.0.2.1" }] },
    },
  });
  assert.equal(patch(ingressRoute(written.status), fine), undefined);
  assert.deepEqual(patch(ingressRoute(written.status), { ...fine, problems: [WRONG] }), {
    status: { currentStatus: "invalid", description: "spec.routes[0].services[0]: there is no Service cart" },
  });
});

test("one of another class loses what we wrote, and nothing else", () => {
  const { status } = patch(ingressRoute(), fine)!;
  assert.deepEqual(patch(ingressRoute(status, "binnacle"), undefined), {
    status: { currentStatus: null, description: null, loadBalancer: { ingress: null } },
  });
  assert.equal(patch(ingressRoute(status), undefined), undefined);
});
