import assert from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import { test } from "node:test";
import { type KeyType, newKey } from "./keys.ts";

for (const [type, expected] of [
  ["ecdsa-p256", { type: "ec", namedCurve: "prime256v1" }],
  ["ecdsa-p384", { type: "ec", namedCurve: "secp384r1" }],
  ["rsa-2048", { type: "rsa", modulusLength: 2048, publicExponent: 65_537n }],
] as const satisfies [KeyType, object][]) {
  test(`a key of type ${type}`, async () => {
    const { asymmetricKeyType, asymmetricKeyDetails } = createPrivateKey(await newKey(type));
    assert.deepEqual({ type: asymmetricKeyType, ...asymmetricKeyDetails }, expected);
  });
}

test("a key is made while this thread goes on", async () => {
  const order: string[] = [];
  setImmediate(() => order.push("another turn"));
  await newKey("rsa-2048");
  order.push("the key");
  assert.deepEqual(order, ["another turn", "the key"]);
});
