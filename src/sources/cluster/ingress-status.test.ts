import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "#kubernetes/resource-type.ts";
import type { ProxyProblem } from "#resources/httpproxy-status.ts";
import { INGRESS_STATUS } from "./ingress-status.ts";
import type { WantedStatus } from "./status-form.ts";

const ANNOTATION = "binnacle.dev/problems";
const WRONG: ProxyProblem = {
  severity: "error",
  reason: "ServiceNotFound",
  path: "spec.rules[0]",
  message: "there is no Service cart",
  fix: "make it",
};
const fine: WantedStatus = { addresses: [{ ip: "192.0.2.1" }], problems: [] };

/** An Ingress as the API has it; `writer` is who wrote its addresses. */
function ingress(addresses: readonly object[] = [], problems?: string, writer = "kubectl"): KubeObject {
  const fieldsV1 = { "f:status": { "f:loadBalancer": { "f:ingress": {} } } };
  return {
    metadata: {
      name: "shop",
      annotations: problems === undefined ? {} : { [ANNOTATION]: problems },
      managedFields: [{ manager: writer, operation: "Update", subresource: "status", fieldsV1 }],
    },
    status: addresses.length === 0 ? {} : { loadBalancer: { ingress: addresses } },
  };
}

function patch(object: KubeObject, wanted: WantedStatus | undefined): unknown {
  return INGRESS_STATUS.see(object).patch(wanted, 0);
}

test("addresses and problems are one patch, of what differs", () => {
  assert.deepEqual(patch(ingress(), { ...fine, problems: [WRONG] }), {
    metadata: {
      annotations: { [ANNOTATION]: "error ServiceNotFound spec.rules[0]: there is no Service cart; make it" },
    },
    status: { loadBalancer: { ingress: [{ ip: "192.0.2.1" }] } },
  });
  assert.deepEqual(patch(ingress([{ ip: "192.0.2.1" }], "error: old"), fine), {
    metadata: { annotations: { [ANNOTATION]: null } },
  });
});

test("what stands there already is not written", () => {
  assert.equal(patch(ingress([{ ip: "192.0.2.1" }]), fine), undefined);
  assert.equal(patch(ingress(), { addresses: [], problems: [] }), undefined);
});

test("an Ingress of another class loses what we wrote, and nothing else", () => {
  assert.deepEqual(patch(ingress([{ ip: "192.0.2.1" }], "error: old", "binnacle"), undefined), {
    metadata: { annotations: { [ANNOTATION]: null } },
    status: { loadBalancer: { ingress: null } },
  });
  assert.equal(patch(ingress([{ ip: "192.0.2.9" }]), undefined), undefined);
});

test("without addresses of our own those of others stay, and ours go", () => {
  const unknown = { addresses: [], problems: [] };
  assert.equal(patch(ingress([{ hostname: "lb.example" }]), unknown), undefined);
  assert.deepEqual(patch(ingress([{ ip: "192.0.2.1" }], undefined, "binnacle"), unknown), {
    status: { loadBalancer: { ingress: null } },
  });
});

test("however many problems, the annotation stays small", () => {
  const many = Array.from({ length: 500 }, () => ({ ...WRONG, message: "x".repeat(5000) }));
  const { metadata } = patch(ingress(), { addresses: [], problems: many }) as {
    metadata: { annotations: Record<string, string> };
  };
  const text = metadata.annotations[ANNOTATION] ?? "";
  assert.ok(text.length < 25_000);
  assert.match(text, /and 480 more$/);
});
