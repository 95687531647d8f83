import assert from "node:assert/strict";
import { test } from "node:test";
import { hashPassword, isPassword, parsePasswordHash } from "./password-hash.ts";

test("a hash knows its password, whichever way its letters are composed, and no other", async () => {
  const text = await hashPassword("caf\u00e9 au lait");
  const parsed = parsePasswordHash(text);
  assert.ok(parsed);
  assert.equal(await isPassword("cafe\u0301 au lait", parsed), true);
  assert.equal(await isPassword("cafe au lait", parsed), false);
  assert.equal(await isPassword("", parsed), false);
  assert.notEqual(await hashPassword("caf\u00e9 au lait"), text, "each has a salt of its own");
});

test("what another program derived is understood", async () => {
  // By `openssl kdf -keylen 32 -kdfopt pass:… -kdfopt salt:sodiumchloride16 -kdfopt n:16384 -kdfopt r:8 -kdfopt p:1 SCRYPT`.
  const derived = "tIxWG50YdRcLQ59ZwAX59PFFuuBhAdj0nFRK5fnFv8c";
  const parsed = parsePasswordHash(`$scrypt$ln=14,r=8,p=1$c29kaXVtY2hsb3JpZGUxNg$${derived}`);
  assert.ok(parsed);
  assert.equal(await isPassword("correct horse", parsed), true);
});

const SALT = "c29kaXVtY2hsb3JpZGUxNg";
const HASH = "A".repeat(43);
for (const [what, text] of [
  ["nothing", ""],
  ["a password as it is", "hunter2"],
  ["bcrypt", "$2b$12$abcdefghijklmnopqrstuuMUuJ5Ez0p1Ew6Kqk0rj9a9hX5c9c7Ne"],
  ["costs that are too low", `$scrypt$ln=10,r=8,p=1$${SALT}$${HASH}`],
  ["a gigabyte of memory", `$scrypt$ln=20,r=8,p=1$${SALT}$${HASH}`],
  ["minutes of work", `$scrypt$ln=17,r=8,p=99$${SALT}$${HASH}`],
  ["a short salt", `$scrypt$ln=15,r=8,p=3$c2FsdA$${HASH}`],
  ["a short hash", `$scrypt$ln=15,r=8,p=3$${SALT}$AAAA`],
  ["a line's end", `$scrypt$ln=15,r=8,p=3$${SALT}$${HASH}\n`],
] as const) {
  test(`refused: ${what}`, () => assert.equal(parsePasswordHash(text), undefined));
}
