import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { type Answer, encode } from "dns-packet";
import { DnsError } from "./dns-error.ts";
import { readReply } from "./message.ts";

const question = { name: "cart.test", type: "A" } as const;
const ID = 7;
const address: Answer = { type: "A", name: "cart.test", ttl: 30, data: "10.88.0.1" };

function message(answers: Answer[], authorities: Answer[] = []): Buffer {
  return encode({ type: "response", id: ID, questions: [{ type: "A", name: "cart.test" }], answers, authorities });
}

/** With the bit TC (RFC 1035 §4.1.1). */
function cut(whole: Buffer, bytes: number): Buffer {
  const marked = Buffer.from(whole);
  marked.writeUInt16BE(marked.readUInt16BE(2) | 0x0200, 2);
  return marked.subarray(0, marked.length - bytes);
}

suite("a DNS message", () => {
  test("that is cut off has to be asked by TCP, wherever it was cut: between records, or within one", () => {
    for (const bytes of [0, 1, 5, 16]) {
      assert.deepEqual(readReply(cut(message([address]), bytes), question, ID), { truncated: true });
    }
    assert.equal(readReply(cut(message([address]), 0), question, ID + 1), undefined);
  });

  test("that only names other servers is no answer: nothing is said of what the name has", () => {
    const referral: Answer[] = [{ type: "NS", name: "test", ttl: 3600, data: "ns.elsewhere" }];
    assert.throws(
      () => readReply(message([], referral), question, ID),
      (error) => error instanceof DnsError && error.kind === "server" && /other servers/.test(error.message),
    );
    // Of a name that stands for another, what it stands for is known, and is asked for.
    const alias: Answer = { type: "CNAME", name: "cart.test", ttl: 5, data: "cart.elsewhere" };
    assert.deepEqual(readReply(message([alias], referral), question, ID), { alias: "cart.elsewhere", ttl: 5 });
  });

  test("without records and without other servers says that there are none (RFC 2308 §2.2)", () => {
    assert.deepEqual(readReply(message([]), question, ID), { records: [], exists: true, ttl: 0 });
  });
});
