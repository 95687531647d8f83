// A folder as a layer of an image: the same files give the same bytes, wherever and whenever they are packed.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createWriteStream, readdirSync } from "node:fs";
import { PassThrough } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";

/** Of the files no time is kept, no owner and no mode but whether they may be run. */
const STABLE = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner", "--mode=u=rwX,go=rX"];
/** Long names get a header, which GNU tar otherwise marks with its process id. */
const FORMAT = ["--format=posix", "--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime"];

/**
 * GNU tar over what `folder` holds: {output, ended}. Names are relative, without a leading dot. `names`: these alone;
 * `options`: further ones of GNU tar.
 */
export function stableTar(folder, { options = [], names = readdirSync(folder).sort() } = {}) {
  const args = ["--create", "--file=-", ...FORMAT, ...STABLE, ...options, `--directory=${folder}`];
  const child = spawn("tar", [...args, "--", ...names], { stdio: ["ignore", "pipe", "pipe"] });
  let words = "";
  child.stderr.setEncoding("utf8").on("data", (text) => (words += text));
  const ended = once(child, "close").then(([code]) => {
    if (code !== 0) throw new Error(`tar of ${folder} ended with code ${code}: ${words.trim()}`);
  });
  // Told to whoever awaits it; until then it is no unhandled one.
  ended.catch(() => {});
  return { output: child.stdout, ended };
}

const digestOf = (hash) => `sha256:${hash.digest("hex")}`;

/** Counts and hashes what passes. */
function observed() {
  const hash = createHash("sha256");
  const stream = new PassThrough();
  const seen = { bytes: 0, digest: () => digestOf(hash) };
  stream.on("data", (chunk) => {
    seen.bytes += chunk.length;
    hash.update(chunk);
  });
  return { stream, seen };
}

/**
 * Writes `folder` as a compressed layer into `file`, with the options of `stableTar`. Returns {diffId: digest of what is unpacked, digest and size: of the
 * file, bytes: unpacked}. Compressed bytes are the same for the same version of Node.
 */
export async function writeLayer(folder, file, options) {
  const { output, ended } = stableTar(folder, options);
  const plain = observed();
  const packed = observed();
  await Promise.all([
    ended,
    pipeline(output, plain.stream, createGzip({ level: 6 }), packed.stream, createWriteStream(file)),
  ]);
  return {
    diffId: plain.seen.digest(),
    digest: packed.seen.digest(),
    size: packed.seen.bytes,
    bytes: plain.seen.bytes,
  };
}
