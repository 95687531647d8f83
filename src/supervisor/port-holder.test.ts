import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSockets } from "./port-holder.ts";

const HEADER = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";

test("listening sockets are read from /proc/net/tcp, connections are not", () => {
  const table = [
    HEADER,
    "   0: 0100007F:2199 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100 0 0 10 0",
    "   1: 0100007F:2199 0100007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0 20 4 30 10 -1",
    "   2: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1 0 100 0 0 10 0",
    "",
  ].join("\n");
  assert.deepEqual(parseSockets(table), [
    { address: "127.0.0.1", port: 8601, inode: "4711" },
    { address: "0.0.0.0", port: 8080, inode: "4713" },
  ]);
});

test("IPv6 addresses are read, mapped ones as what they mean", () => {
  assert.equal(readAddress("00000000000000000000000000000000"), "::");
  assert.equal(readAddress("00000000000000000000000001000000"), "::1");
  assert.equal(readAddress("0000000000000000FFFF00000100007F"), "127.0.0.1");
  assert.equal(readAddress("B80D0120000000000000000001000000"), "2001:db8:0:0:0:0:0:1");
});

function readAddress(hex: string): string | undefined {
  return parseSockets(` 0: ${hex}:1F90 ${"0".repeat(32)}:0000 0A 0:0 00:0 0 0 0 1 1`)[0]?.address;
}
