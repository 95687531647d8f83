import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateRawSync } from "node:zlib";
import { readEntry } from "./zip.mjs";

/** A zip file as `zip` writes it: local entries, the directory, its end. */
function zipOf(files, comment = "") {
  const parts = [];
  const directory = [];
  let offset = 0;
  for (const { name, content, method } of files) {
    const packed = method === 8 ? deflateRawSync(content) : Buffer.from(content);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(method, 8);
    local.writeUInt16LE(name.length, 26);
    local.writeUInt16LE(4, 28);
    const extra = Buffer.alloc(4);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(method, 10);
    entry.writeUInt32LE(packed.length, 20);
    entry.writeUInt32LE(Buffer.byteLength(content), 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(offset, 42);
    directory.push(entry, Buffer.from(name));
    parts.push(local, Buffer.from(name), extra, packed);
    offset += 30 + name.length + 4 + packed.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(offset, 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...parts, ...directory, end, Buffer.from(comment)]);
}

const files = [
  { name: "a/README", content: "plain", method: 0 },
  { name: "a/_bin/envoy", content: "binary ".repeat(1000), method: 8 },
];

test("stored and compressed entries are read, also before a comment", () => {
  for (const zip of [zipOf(files), zipOf(files, "made by hand")]) {
    assert.equal(readEntry(zip, "a/README").toString(), "plain");
    assert.equal(readEntry(zip, "a/_bin/envoy").toString(), "binary ".repeat(1000));
  }
});

test("what is not there or not a zip file is said", () => {
  assert.throws(() => readEntry(zipOf(files), "a/_bin/other"), /no a\/_bin\/other in the zip file/);
  assert.throws(() => readEntry(Buffer.from("<html>not found</html>"), "x"), /not a zip file/);
  assert.throws(() => readEntry(zipOf([{ ...files[0], method: 12 }]), "a/README"), /compression 12/);
});
