import assert from "node:assert/strict";
import { test } from "node:test";
import { alternativeNames, comparableName } from "./remote-names.ts";

for (const [text, names] of [
  ["", []],
  ["DNS:envoy-1.test", ["envoy-1.test"]],
  ["DNS:a.test, DNS:b.test, IP Address:10.0.0.1", ["a.test", "b.test", "10.0.0.1"]],
  ["URI:spiffe://home/envoy, email:x@y.test", ["spiffe://home/envoy"]],
  ["IP Address:FE80:0:0:0:0:0:0:1", ["FE80:0:0:0:0:0:0:1"]],
  // CVE-2021-44532: one name that holds what looks like another.
  ['DNS:"x.test, DNS:envoy-1.test"', ['"x.test, DNS:envoy-1.test"']],
  [String.raw`DNS:"x\", DNS:envoy-1.test", DNS:b.test`, [String.raw`"x\", DNS:envoy-1.test"`, "b.test"]],
] as const) {
  test(`${text === "" ? "nothing" : text} has ${names.length} names`, () =>
    assert.deepEqual(alternativeNames(text), names));
}

test("an address is the same however it is written, a name in whatever case", () => {
  assert.equal(comparableName("FE80:0:0:0:0:0:0:1"), comparableName("fe80::1"));
  assert.equal(comparableName("Edge-1.test"), comparableName("edge-1.TEST"));
  assert.notEqual(comparableName("fe80::1"), comparableName("fe80::2"));
});
