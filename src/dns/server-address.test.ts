import assert from "node:assert/strict";
import { test } from "node:test";
import { formatServerAddress, parseServerAddress } from "./server-address.ts";

for (const [text, address, port, written = text] of [
  ["192.0.2.53", "192.0.2.53", 53],
  ["192.0.2.53:5353", "192.0.2.53", 5353],
  ["2001:db8::53", "2001:db8::53", 53],
  ["[2001:db8::53]", "2001:db8::53", 53, "2001:db8::53"],
  ["[2001:db8::53]:5353", "2001:db8::53", 5353],
] as const) {
  test(`${text} is a server's address`, () => {
    const parsed = parseServerAddress(text);
    assert.deepEqual(parsed, { address, port });
    assert.equal(formatServerAddress({ address, port }), written);
  });
}

for (const text of [
  "",
  "dns.example.com",
  "192.0.2.53:0",
  "192.0.2.53:70000",
  "[192.0.2.53]:53",
  "192.0.2.53:",
  "[::1]x",
]) {
  test(`${JSON.stringify(text)} is none`, () => assert.equal(parseServerAddress(text), undefined));
}
