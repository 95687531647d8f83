import assert from "node:assert/strict";
import { before, test } from "node:test";
import { hashPassword, parsePasswordHash } from "#lib/password-hash.ts";
import { ApiProblem } from "../api-problem.ts";
import { type PasswordCheck, PasswordChecks } from "./password-checks.ts";

let expected: PasswordCheck["expected"];

before(async () => {
  const text = await hashPassword("hunter2");
  const hash = parsePasswordHash(text);
  assert.ok(hash);
  expected = { text, hash };
});

const check = (password: string, changes: Partial<PasswordCheck> = {}): PasswordCheck => ({
  name: "sue",
  password,
  expected,
  admit: () => {},
  ...changes,
});

test("a right password is right, a wrong one and one of nobody are not", async () => {
  const checks = new PasswordChecks(() => 0);
  assert.equal(await checks.isRight(check("hunter2")), true);
  assert.equal(await checks.isRight(check("hunter3")), false);
  assert.equal(await checks.isRight(check("hunter2", { expected: undefined })), false);
});

test("one that was right is not checked again for ten minutes, and a wrong one each time", async () => {
  let now = 0;
  let checked = 0;
  const admit = (): void => void checked++;
  const checks = new PasswordChecks(() => now);
  await checks.isRight(check("hunter2", { admit }));
  const once = checked;
  assert.equal(await checks.isRight(check("hunter2", { admit })), true);
  assert.equal(checked, once, "remembered");
  await checks.isRight(check("hunter3", { admit }));
  await checks.isRight(check("hunter3", { admit }));
  assert.equal(checked, 3 * once);
  now = 600_000;
  await checks.isRight(check("hunter2", { admit }));
  assert.equal(checked, 4 * once);
});

test("what a password is remembered for is its user and its hash", async () => {
  const checks = new PasswordChecks(() => 0);
  await checks.isRight(check("hunter2"));
  const refused = new ApiProblem(429, "", "", "");
  const admit = (): never => {
    throw refused;
  };
  assert.equal(await checks.isRight(check("hunter2", { admit })), true);
  await assert.rejects(checks.isRight(check("hunter2", { name: "ben", admit })), refused);
  assert.ok(expected);
  const other = { ...expected, text: `${expected.text} of another day` };
  await assert.rejects(checks.isRight(check("hunter2", { expected: other, admit })), refused);
});

test("the same password at the same time is one check; too many different ones are put off", async () => {
  const checks = new PasswordChecks(() => 0);
  let checked = 0;
  const same = Array.from({ length: 20 }, () => checks.isRight(check("hunter2", { admit: () => void checked++ })));
  assert.deepEqual(new Set(await Promise.all(same)), new Set([true]));
  assert.equal(checked, same.length + 1, "each is admitted, one is checked");
  const guesses = Array.from({ length: 8 }, (_, guess) => checks.isRight(check(`guess ${guess}`)));
  await assert.rejects(checks.isRight(check("guess 9")), { status: 503 });
  assert.deepEqual(new Set(await Promise.all(guesses)), new Set([false]));
  assert.equal(await checks.isRight(check("hunter2")), true, "and after them it goes on");
});

test("what waits is not looked at once its address has failed too often", async () => {
  const checks = new PasswordChecks(() => 0);
  let isClosed = false;
  const admit = (): void => {
    if (isClosed) throw new ApiProblem(429, "", "", "");
  };
  const guesses = [checks.isRight(check("one", { admit })), checks.isRight(check("two", { admit }))];
  isClosed = true;
  for (const guess of guesses) await assert.rejects(guess, { status: 429 });
});
