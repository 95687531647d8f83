import type { DefinedKind } from "./defined-kinds.ts";
import type { StructuralSchema } from "./structural-schema.ts";

const string = { type: "string" };

/** Contour's SubCondition. */
const subCondition = {
  message: { type: "string", maxLength: 32_768 },
  reason: { type: "string", maxLength: 1024 },
  status: { type: "string", enum: ["True", "False", "Unknown"] },
  type: { type: "string", maxLength: 316 },
};
const required = ["message", "reason", "status", "type"];
const subConditions = { type: "array", items: { type: "object", required, properties: subCondition } };

/** metav1.Condition. */
const condition = {
  ...subCondition,
  lastTransitionTime: { type: "string", format: "date-time" },
  observedGeneration: { type: "integer", format: "int64", minimum: 0 },
};

/** Contour's DetailedCondition, one of each type. */
const conditions = {
  type: "array",
  items: {
    type: "object",
    required: [...required, "lastTransitionTime"],
    properties: { ...condition, errors: subConditions, warnings: subConditions },
  },
  "x-kubernetes-list-type": "map",
  "x-kubernetes-list-map-keys": ["type"],
};

const words = { currentStatus: string, description: string };

const loadBalancer = {
  type: "object",
  properties: {
    ingress: {
      type: "array",
      items: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
    },
  },
};

/** What a controller writes of an object of this kind, Contour or this one. */
export function statusSchema(kind: DefinedKind): StructuralSchema {
  switch (kind) {
    case "HTTPProxy":
      return {
        type: "object",
        // What stands there until a control plane has looked at it.
        default: { currentStatus: "NotReconciled", description: "Waiting for controller" },
        properties: { ...words, conditions, loadBalancer },
      };
    case "IngressRoute":
      return { type: "object", properties: { ...words, loadBalancer } };
    case "TLSCertificateDelegation":
    case "ExtensionService":
      return { type: "object", properties: { conditions } };
  }
}
