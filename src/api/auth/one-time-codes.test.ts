import assert from "node:assert/strict";
import { test } from "node:test";
import { OneTimeCodes } from "./one-time-codes.ts";
import { type Principal, principalOfRole } from "./principal.ts";

const ALICE: Principal = principalOfRole("alice", "admin", "all");

test("a code signs in once", () => {
  const codes = new OneTimeCodes(() => 0);
  const code = codes.mint(ALICE, 1000);
  assert.equal(codes.redeem(code), ALICE);
  assert.equal(codes.redeem(code), undefined);
});

test("a code ends with its time", () => {
  let now = 0;
  const codes = new OneTimeCodes(() => now);
  const code = codes.mint(ALICE, 1000);
  now = 1000;
  assert.equal(codes.redeem(code), undefined);
});

test("a code that never was, signs nobody in", () => {
  const codes = new OneTimeCodes(() => 0);
  codes.mint(ALICE, 1000);
  assert.equal(codes.redeem(""), undefined);
  assert.equal(codes.redeem("0".repeat(43)), undefined);
});

test("many codes push out the oldest only", () => {
  const codes = new OneTimeCodes(() => 0);
  const minted = Array.from({ length: 101 }, () => codes.mint(ALICE, 1000));
  assert.equal(codes.redeem(minted[0]!), undefined);
  assert.equal(codes.redeem(minted[1]!), ALICE);
  assert.equal(codes.redeem(minted[100]!), ALICE);
});
