import assert from "node:assert/strict";
import { test } from "node:test";
import { type AccessRule, needOf } from "./access-rules.ts";

const RULES: readonly AccessRule[] = [
  { methods: ["GET"], path: "/things", need: "signedIn" },
  { methods: ["GET"], path: "/things/:id", need: "operator" },
  { methods: "any", path: "/pages/*", need: "allNamespaces" },
];

for (const [request, need] of [
  ["GET /things", "signedIn"],
  ["HEAD /things", "signedIn"],
  ["GET /things/one", "operator"],
  ["DELETE /pages", "allNamespaces"],
  ["PUT /pages/a/b", "allNamespaces"],
  // What is no known spelling of a known path is for admins alone.
  ["POST /things", "admin"],
  ["GET /things/", "admin"],
  ["GET /Things", "admin"],
  ["GET /things/one/two", "admin"],
  ["GET /%74hings", "admin"],
  ["GET //things", "admin"],
  ["GET /pagesx", "admin"],
  ["OPTIONS /things", "admin"],
] as const) {
  const [method = "", path = ""] = request.split(" ");
  test(`${request} needs ${need}`, () => assert.equal(needOf(method, path, RULES), need));
}
