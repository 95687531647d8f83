import assert from "node:assert/strict";
import { test } from "node:test";
import { BACKEND_NAME, discoveredName, labelValue, loadBalancerLabel } from "./names.ts";

const LONG_SERVICE = "the-really-long-kube-service-name-that-is-exactly-63-characters";
const LONG_BACKEND = "a-really-long-cluster-name-that-does-not-really-make-sense-and-is-not-useful-at-all";

const GOLDEN: readonly (readonly [backend: string, service: string, name: string])[] = [
  ["us-east-cluster", LONG_SERVICE, "us-east-cluster-the-really-long-kube-serv1feeec"],
  ["cluster1", LONG_SERVICE, "cluster1-the-really-long-kube-serv1feeec"],
  [LONG_BACKEND, "service1", "a-really-long-cluster-namfb8867-service1"],
  [LONG_BACKEND, LONG_SERVICE, "a-really-long-cluster-namfb8867-the-really-long-kube-serv1feeec"],
  ["b".repeat(31), "s".repeat(31), `${"b".repeat(31)}-${"s".repeat(31)}`],
  // 63 characters would be legal; Gimbal shortened them all the same.
  ["c".repeat(10), "s".repeat(52), `${"c".repeat(10)}-${"s".repeat(25)}3838b9`],
  ["a-b", "c", "a-b-c"],
  ["a", "b-c", "a-b-c"],
];

for (const [backend, service, name] of GOLDEN) {
  test(`${backend} and ${service} make Gimbal's ${name}`, () => {
    assert.equal(discoveredName(backend, service), name);
    assert.ok(name.length <= 63);
  });
}

test("values of labels are shortened from 64 characters on", () => {
  assert.equal(labelValue("x".repeat(63)), "x".repeat(63));
  assert.equal(labelValue(LONG_BACKEND), `${LONG_BACKEND.slice(0, 57)}fb8867`);
  assert.equal(labelValue("east"), "east");
});

test("a backend's name begins with a letter and ends with a letter or digit", () => {
  for (const name of ["a", "east", "us-east-1"]) assert.match(name, BACKEND_NAME);
  for (const name of ["", "1east", "-east", "east-", "East", "us.east", "us_east"]) {
    assert.doesNotMatch(name, BACKEND_NAME);
  }
});

for (const [name, label] of [
  ["bar:8080", "bar-8080"],
  ["foo!@#$%^&*()_+bar", "foo----------_-bar"],
  ["foo!", "foo-lb"],
  ["!foo!", "lb-foo-lb"],
  ["foo_", "foo_lb"],
  ["foo.", "foo.lb"],
  ["", ""],
] as const) {
  test(`the load balancer ${JSON.stringify(name)} is labelled ${label}`, () =>
    assert.equal(loadBalancerLabel(name), label));
}
