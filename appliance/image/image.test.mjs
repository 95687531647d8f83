import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { writeLayer } from "./layer.mjs";
import { noticeText } from "./notice.mjs";
import { imageDocuments } from "./oci-archive.mjs";

const LONG = `${"a".repeat(90)}/${"b".repeat(90)}`;

/** The same files, written in another order, at other times, with what another umask leaves. */
function tree(folder, { order, mode, time }) {
  mkdirSync(join(folder, "long", LONG), { recursive: true });
  const files = { "one.txt": "1", "two.txt": "2", [`long/${LONG}/three`]: "3" };
  for (const name of order(Object.keys(files))) {
    writeFileSync(join(folder, name), files[name]);
    chmodSync(join(folder, name), mode);
    utimesSync(join(folder, name), time, time);
  }
  writeFileSync(join(folder, "run"), "#!", { mode: mode | 0o100 });
  symlinkSync("one.txt", join(folder, "link"));
}

test("the same files are the same layer: neither order nor times, owners and umask are in it", async (t) => {
  const work = mkdtempSync(join(tmpdir(), "binnacle-layer-"));
  t.after(() => rmSync(work, { recursive: true }));
  const variants = [
    { order: (names) => names, mode: 0o644, time: 1 },
    { order: (names) => names.toReversed(), mode: 0o600, time: 1_700_000_000 },
  ];
  const layers = [];
  for (const [index, variant] of variants.entries()) {
    mkdirSync(join(work, `${index}`));
    tree(join(work, `${index}`), variant);
    layers.push(await writeLayer(join(work, `${index}`), join(work, `${index}.tar.gz`)));
  }
  assert.deepEqual(layers[0], layers[1]);
  const list = execFileSync("tar", ["-tvzf", join(work, "0.tar.gz"), "--numeric-owner"], { encoding: "utf8" });
  assert.match(list, /^-rw-r--r-- 0\/0 +1 1970-01-01 \S+ one\.txt$/m);
  assert.match(list, /^-rwxr-xr-x 0\/0 .* run$/m);
  assert.match(list, /^lrwxr-xr-x .* link -> one\.txt$/m);
  assert.match(list, new RegExp(`long/${LONG}/three$`, "m"));
});

test("a folder that tar cannot read is an error with its words", async (t) => {
  const work = mkdtempSync(join(tmpdir(), "binnacle-layer-"));
  t.after(() => rmSync(work, { recursive: true }));
  await assert.rejects(writeLayer(work, join(work, "layer.tar.gz"), { names: ["missing"] }), /missing/);
});

test("the documents of an image name each other by their digests, for engines old and new", () => {
  const layers = [
    { name: "base", diffId: "sha256:aa", digest: "sha256:bb", size: 7 },
    { name: "top", diffId: "sha256:cc", digest: "sha256:dd", size: 8 },
  ];
  const image = { config: { User: "1:1" }, architecture: "arm64", created: "1970-01-01T00:00:00Z", layers };
  const { digest, documents } = imageDocuments({ ...image, tag: "registry.example:5000/team/binnacle:1.2" });
  const read = (name) => JSON.parse(documents[name]);
  const [described] = read("index.json").manifests;
  assert.equal(described.digest, digest);
  assert.equal(described.annotations["org.opencontainers.image.ref.name"], "1.2");
  const blob = (name) => name.replace("sha256:", "blobs/sha256/");
  const manifest = read(blob(digest));
  assert.deepEqual(
    manifest.layers.map((layer) => [layer.digest, layer.size]),
    [
      ["sha256:bb", 7],
      ["sha256:dd", 8],
    ],
  );
  const config = read(blob(manifest.config.digest));
  assert.deepEqual(config.rootfs.diff_ids, ["sha256:aa", "sha256:cc"]);
  assert.equal(config.architecture, "arm64");
  const [docker] = read("manifest.json");
  assert.deepEqual(docker.Layers, ["blobs/sha256/bb", "blobs/sha256/dd"]);
  assert.deepEqual(docker.RepoTags, ["registry.example:5000/team/binnacle:1.2"]);
  assert.equal(docker.Config, blob(manifest.config.digest));
});

test("the notice names every part with its licence", () => {
  const about = { version: "1.0", licence: "Apache-2.0", home: "opt/binnacle" };
  const debian = [{ name: "libc6", version: "2.41" }];
  const programs = [{ name: "node", version: "26", licence: "here" }];
  const packages = [{ name: "ws", version: "8", licence: "MIT" }];
  const text = noticeText({ ...about, debian, programs, packages });
  for (const line of ["libc6 2.41  /usr/share/doc/libc6/copyright", "node 26  here", "ws 8  MIT"]) {
    assert.ok(text.includes(`  ${line}\n`), line);
  }
});
