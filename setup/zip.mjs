// A wheel is a zip file, and a fresh machine has no unzip. Reads one entry; a wheel's checksum is verified before this.
import { inflateRawSync } from "node:zlib";

const endSignature = 0x06054b50;
const entrySignature = 0x02014b50;
const localSignature = 0x04034b50;

function* entries(zip) {
  let end = zip.length - 22;
  while (end >= 0 && zip.readUInt32LE(end) !== endSignature) end--;
  if (end < 0) throw new Error("not a zip file");
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    if (zip.readUInt32LE(at) !== entrySignature) throw new Error("damaged zip file: no entry where one should be");
    const nameLength = zip.readUInt16LE(at + 28);
    yield {
      name: zip.toString("utf8", at + 46, at + 46 + nameLength),
      method: zip.readUInt16LE(at + 10),
      packed: zip.readUInt32LE(at + 20),
      size: zip.readUInt32LE(at + 24),
      offset: zip.readUInt32LE(at + 42),
    };
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
}

export function readEntry(zip, name) {
  for (const entry of entries(zip)) {
    if (entry.name !== name) continue;
    if (zip.readUInt32LE(entry.offset) !== localSignature) throw new Error(`damaged zip file: ${name} is not there`);
    const start = entry.offset + 30 + zip.readUInt16LE(entry.offset + 26) + zip.readUInt16LE(entry.offset + 28);
    const packed = zip.subarray(start, start + entry.packed);
    if (entry.method !== 0 && entry.method !== 8) throw new Error(`${name}: compression ${entry.method} is unknown`);
    const content = entry.method === 0 ? packed : inflateRawSync(packed, { maxOutputLength: entry.size });
    if (content.length !== entry.size) throw new Error(`damaged zip file: ${name} is cut short`);
    return content;
  }
  throw new Error(`no ${name} in the zip file`);
}
