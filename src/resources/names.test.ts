import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  checkHost,
  checkLabelValue,
  checkPortName,
  checkQualifiedName,
  isDnsLabel,
  isDnsSubdomain,
  isWildcardHost,
} from "./names.ts";

const long = (length: number): string => "a".repeat(length);

describe("DNS labels", () => {
  for (const name of ["a", "0", "a-b", "1a", long(63)])
    test(`${name} is one`, () => assert.equal(isDnsLabel(name), true));
  for (const name of ["", "-a", "a-", "A", "a.b", "a_b", "ä", "a\n", long(64)]) {
    test(`${JSON.stringify(name)} is none`, () => assert.equal(isDnsLabel(name), false));
  }
});

describe("DNS subdomains", () => {
  for (const name of ["a", "a.b.c", "1.2", long(253)])
    test(`${name} is one`, () => assert.equal(isDnsSubdomain(name), true));
  for (const name of ["", ".", "a.", ".a", "a..b", "a.-b", "A.b", "a b", "a.b\n", long(254)]) {
    test(`${JSON.stringify(name)} is none`, () => assert.equal(isDnsSubdomain(name), false));
  }
});

describe("hosts", () => {
  for (const host of ["example.com", "*.example.com", "localhost", "1.example.com", "*.com"]) {
    test(`${host} is one`, () => assert.equal(checkHost(host), undefined));
  }
  for (const host of [
    "",
    "*",
    "*.",
    "a.*",
    "**.a",
    "*a.b",
    "127.0.0.1",
    "::1",
    "[::1]",
    "a:80",
    "a/b",
    "EXAMPLE.com",
    "a..b",
  ]) {
    test(`${JSON.stringify(host)} is none`, () => assert.notEqual(checkHost(host), undefined));
  }
  test("only a wildcard is a wildcard", () => {
    assert.deepEqual(["*.a.b", "a.b"].map(isWildcardHost), [true, false]);
  });
});

describe("port names", () => {
  for (const name of ["http", "a", "grpc-web", "2a", "a23456789012345"])
    test(`${name} is one`, () => assert.equal(checkPortName(name), undefined));
  for (const name of ["", "80", "a--b", "-a", "a-", "HTTP", "a_b", "a234567890123456"]) {
    test(`${JSON.stringify(name)} is none`, () => assert.notEqual(checkPortName(name), undefined));
  }
});

describe("qualified names", () => {
  for (const name of ["a", "A.b_c-d", "example.com/a", `a/${long(63)}`])
    test(`${name} is one`, () => assert.equal(checkQualifiedName(name), undefined));
  for (const name of ["", "/a", "a/", "a/b/c", "A/b", "-a", "a b", `a/${long(64)}`]) {
    test(`${JSON.stringify(name)} is none`, () => assert.notEqual(checkQualifiedName(name), undefined));
  }
});

describe("label values", () => {
  for (const value of ["", "a", "A_b.c-1", long(63)])
    test(`${value} is one`, () => assert.equal(checkLabelValue(value), undefined));
  for (const value of ["-a", "a/b", "a b", "a.", long(64)]) {
    test(`${JSON.stringify(value)} is none`, () => assert.notEqual(checkLabelValue(value), undefined));
  }
});
