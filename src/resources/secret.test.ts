import assert from "node:assert/strict";
import { test } from "node:test";
import { accepted, complaints } from "./complaints.ts";
import { secretBytes } from "./secret.ts";

const head = `
apiVersion: v1
kind: Secret
metadata: {name: shop-tls}
`;

test("stringData is merged into data, which wins over nothing", () => {
  const secret = accepted(
    "Secret",
    `${head}data: {a: eA==, b: "eQ\\n=="}\nstringData: {b: z, c: "grüße"}\nimmutable: true`,
  );
  assert.deepEqual(secret.data, { a: "eA==", b: "eg==", c: "Z3LDvMOfZQ==" });
  assert.equal(secret.type, "Opaque");
  assert.equal(secretBytes(secret, "c")?.toString(), "grüße");
  assert.equal(secretBytes(secret, "toString"), undefined);
});

test("line breaks in base64 are taken out", () => {
  assert.deepEqual(accepted("Secret", `${head}data:\n  a: |\n    eHh4\n    eA==\n`).data, { a: "eHh4eA==" });
});

test("binary values survive", () => {
  assert.deepEqual(secretBytes(accepted("Secret", `${head}data: {a: /wD+}`), "a"), Buffer.from([255, 0, 254]));
});

for (const [fields, ...expected] of [
  ["data: {a: hunter2!}", "data.a: not valid base64; encode it, or move it to stringData as it is"],
  ["data: {a: hunter2}", "data.a: not valid base64; encode it, or move it to stringData as it is"],
  ["data: {a: eA=}", "data.a: not valid base64; encode it, or move it to stringData as it is"],
  ["data: {a: [hunter2]}", "data.a: found a list, expected a text"],
  ["data: {a: 20022002}", "data.a: found a number, expected a text; put it in quotes"],
  ["stringData: {a: 20022002}", "stringData.a: found a number, expected a text; put it in quotes"],
  ["stringData: hunter2", "stringData: found a text, expected a map"],
  ["data: [hunter2]", "data: found a list, expected a map"],
  ["data: {'a b': eA==}", "data[a b]: as a key: expected letters, digits, '-', '_' and '.', at most 253"],
  ["data: {..: eA==}", "data[..]: as a key: expected letters, digits, '-', '_' and '.', at most 253"],
  ["stringdata: {a: hunter2}", "stringdata: unknown field; write stringData"],
  ["immutable: hunter2", "immutable: found a text, expected true or false"],
  [
    "type: kubernetes.io/tls\ndata: {tls.crt: eA==}",
    "data[tls.key]: missing, expected in a Secret of type kubernetes.io/tls; add it",
  ],
  [
    "type: kubernetes.io/tls",
    "data[tls.crt]: missing, expected in a Secret of type kubernetes.io/tls; add it",
    "data[tls.key]: missing, expected in a Secret of type kubernetes.io/tls; add it",
  ],
  [`stringData: {a: ${"hunter2".repeat(150_000)}}`, "data: found 1050000 bytes of values, expected at most 1048576"],
] as const) {
  test(`${fields.slice(0, 60)} is refused without telling a value`, () => {
    assert.deepEqual(complaints(head + fields), expected);
    assert.doesNotMatch(complaints(head + fields).join(), /hunter|2002/);
  });
}

test("a TLS Secret may have its key in stringData", () => {
  assert.deepEqual(complaints(`${head}type: kubernetes.io/tls\ndata: {tls.crt: eA==}\nstringData: {tls.key: x}`), []);
});
