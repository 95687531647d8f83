import assert from "node:assert/strict";
import { test } from "node:test";
import { redactObject } from "./redact.ts";

test("a Secret's values become their sizes, and copies of the object are left out", () => {
  const secret = {
    kind: "Secret",
    metadata: {
      name: "tls",
      annotations: {
        "kubectl.kubernetes.io/last-applied-configuration": '{"data":{"tls.key":"c2VjcmV0"}}',
        note: "kept",
      },
    },
    data: { "tls.key": "c2VjcmV0" },
    stringData: { password: "hünter2" },
  };
  assert.deepEqual(redactObject(secret), {
    kind: "Secret",
    metadata: { name: "tls", annotations: { note: "kept" } },
    data: { "tls.key": "(6 bytes)" },
    stringData: { password: "(8 bytes)" },
  });
  assert.equal(secret.data["tls.key"], "c2VjcmV0");
});

test("other objects are shown as they are", () => {
  const service = { kind: "Service", metadata: { name: "cart" }, data: { a: "b" } };
  assert.deepEqual(redactObject(service), service);
  assert.equal(redactObject(undefined), undefined);
});
