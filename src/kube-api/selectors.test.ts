import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { fieldSelector } from "./field-selector.ts";
import { KubeFailure } from "./kube-status.ts";
import { labelSelector } from "./label-selector.ts";
import type { ServedObject } from "./served-object.ts";

const LABELS = { app: "shop", tier: "web", "gimbal.projectcontour.io/backend": "east", weight: "10", empty: "" };

suite("label selectors", () => {
  for (const [text, expected] of [
    ["", true],
    ["app=shop", true],
    ["app==shop,tier=web", true],
    ["app=other", false],
    ["app!=other", true],
    ["missing!=x", true],
    ["gimbal.projectcontour.io/backend=east", true],
    ["tier in (web, api)", true],
    ["tier in (api),app", false],
    ["tier notin (api,db),app=shop", true],
    ["missing notin (x)", true],
    ["app", true],
    ["!app", false],
    ["! missing", true],
    ["empty=", true],
    ["empty in ()", true],
    ["weight > 9", true],
    ["weight<10", false],
    ["app>1", false],
    ["constructor", false],
  ] as const) {
    test(JSON.stringify(text), () => assert.equal(labelSelector(text)(LABELS), expected));
  }

  for (const text of ["a~b", "a=b=c", "in (x)", "a in x", "a in (b", "=x", "a=b,,c", "a>x", "a in (b c)"]) {
    test(`${JSON.stringify(text)} is refused`, () => {
      assert.throws(
        () => labelSelector(text),
        (error) => error instanceof KubeFailure && error.status.code === 400,
      );
    });
  }
});

suite("field selectors", () => {
  const served: ServedObject = {
    ref: { kind: "Service", namespace: "team", name: "web" },
    object: undefined,
    version: 1,
    inUse: "none",
    problems: [],
    origin: "",
    addresses: [],
  };
  for (const [text, expected] of [
    ["", true],
    ["metadata.name=web", true],
    ["metadata.name==web,metadata.namespace=team", true],
    ["metadata.name!=web", false],
    ["metadata.namespace=other", false],
  ] as const) {
    test(JSON.stringify(text), () => assert.equal(fieldSelector(text, "Service")(served), expected));
  }
  for (const text of ["status.phase=Active", "constructor=x", "metadata.name", "=x"]) {
    test(`${JSON.stringify(text)} is refused`, () => assert.throws(() => fieldSelector(text, "Service"), KubeFailure));
  }
});
