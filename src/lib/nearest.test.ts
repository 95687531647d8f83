import assert from "node:assert/strict";
import { test } from "node:test";
import { nearest, nearestField } from "./nearest.ts";

const FIELDS = ["host", "http", "path", "pathType", "backend", "serviceName"];

for (const [word, expected] of [
  ["pathtype", "pathType"],
  ["pathTpye", "pathType"],
  ["hots", "host"],
  ["backends", "backend"],
  ["servicename", "serviceName"],
  ["HTTP", "http"],
] as const) {
  test(`${word} was meant to be ${expected}`, () => assert.equal(nearest(word, FIELDS), expected));
}

for (const word of ["", "x", "replicas", "tls", "ports"]) {
  test(`${JSON.stringify(word)} is near nothing`, () => assert.equal(nearest(word, FIELDS), undefined));
}

test("of two equally near ones the first is taken", () => assert.equal(nearest("cat", ["car", "cap"]), "car"));

test("of a field, what begins alike is near", () => {
  assert.equal(nearestField("serviceNamePort", FIELDS), "serviceName");
  assert.equal(nearestField("service", FIELDS), "serviceName");
  assert.equal(nearestField("pa", FIELDS), undefined);
});
