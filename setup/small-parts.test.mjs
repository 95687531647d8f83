import assert from "node:assert/strict";
import { test } from "node:test";
import { replacePath } from "./alertmanager.mjs";
import { parseStanza, parseUri } from "./apt.mjs";
import { chooseTests } from "./choose-tests.mjs";
import { roomsImported } from "./console.mjs";
import { parseGoVersion } from "./go-toolchain.mjs";
import { inForeground } from "./handover.mjs";
import { linkerFlags } from "./kubebox.mjs";
import { checkMachine, checkNpm } from "./machine.mjs";

test("a path inside a program is replaced everywhere, at equal length", () => {
  const bytes = Buffer.from("xx/usr/share/a\0/usr/share/a/ui");
  assert.equal(replacePath(bytes, "/usr/share/a", "/proc/9"), 2);
  assert.equal(bytes.toString(), "xx/proc/9/////\0/proc/9//////ui");
  assert.equal(replacePath(Buffer.from("nothing"), "/usr", "/p"), 0);
  assert.throws(() => replacePath(bytes, "/p", "/longer"), /longer/);
});

test("apt's offer tells version and checksum", () => {
  const sum = "8".repeat(64);
  assert.deepEqual(parseUri(`'mirror:/p.deb' prometheus_2.42.0+ds-5_amd64.deb 19257088 SHA256:${sum}\n`), {
    file: "prometheus_2.42.0+ds-5_amd64.deb",
    version: "2.42.0+ds-5",
    checksum: sum,
  });
  assert.equal(parseUri(`'m:/x' jsonnet_1%3a0.18.0_all.deb 12 MD5Sum:00`).version, "1:0.18.0");
  assert.equal(parseUri(""), undefined);
});

test("tests that need a bed run only when a pattern names their folder", () => {
  const files = ["test/integration/envoy.test.ts", "src/xds/stream.test.ts", "test/kubernetes/slices.test.ts"];
  assert.deepEqual(chooseTests(files, []), ["src/xds/stream.test.ts", "test/integration/envoy.test.ts"]);
  assert.deepEqual(chooseTests(files, ["xds", "envoy"]), ["src/xds/stream.test.ts", "test/integration/envoy.test.ts"]);
  assert.deepEqual(chooseTests(files, ["slices"]), []);
  assert.deepEqual(chooseTests(files, ["test/kubernetes"]), ["test/kubernetes/slices.test.ts"]);
});

test("Go tells its version in its own way", () => {
  assert.deepEqual(parseGoVersion("go version go1.26.8 linux/amd64"), [1, 26, 8]);
  assert.deepEqual(parseGoVersion("go version go1.27rc1 linux/amd64"), [1, 27]);
  assert.equal(parseGoVersion("go: command not found"), undefined);
});

test("kubebox is told the version of Kubernetes that it is made of", () => {
  const flags = linkerFlags("require (\n\tk8s.io/kubernetes v1.37.2\n)\n");
  assert.match(flags, / -X k8s\.io\/component-base\/version\.gitVersion=v1\.37\.2 /);
  assert.match(flags, / -X k8s\.io\/client-go\/pkg\/version\.gitMinor=37 /);
  assert.throws(() => linkerFlags("module x"), /requires no k8s.io\/kubernetes/);
});

test("the rooms that end up in the console's bundle are found; types are not counted", () => {
  const text = `import { ago } from "#lib/time.ts";
import type { Row } from "#api/types.ts";
export type { Route } from "../../translate/ir.ts";
import { words } from "../../traffic/words.ts";
import "./style.css";`;
  assert.deepEqual(roomsImported(text), ["lib", "traffic"]);
});

const stat = (group, terminal, foreground) => `77 (node (x)) S 1 ${group} 70 ${terminal} ${foreground} 0 0`;

test("the terminal's own signal is told from one of a script", () => {
  assert.equal(inForeground(stat(77, 34816, 77)), true);
  assert.equal(inForeground(stat(77, 34816, 12)), false, "in the background");
  assert.equal(inForeground(stat(77, 0, -1)), false, "without a terminal");
});

test("a machine that cannot run it is told so", () => {
  checkMachine({ platform: "linux", arch: "arm64", glibc: "2.36" });
  assert.throws(() => checkMachine({ platform: "darwin", arch: "arm64", glibc: "" }), /not supported/);
  assert.throws(() => checkMachine({ platform: "linux", arch: "ia32", glibc: "2.36" }), /not supported/);
  assert.throws(() => checkMachine({ platform: "linux", arch: "x64", glibc: "2.28" }), /C library/);
  checkNpm("9.2.0");
  assert.throws(() => checkNpm("8.19.4"), /npm 9/);
  assert.throws(() => checkNpm("not a version"), /npm 9/);
});

test("a stanza of apt-cache says what is offered and what it needs", () => {
  const text = `Package: jsonnet
Version: 0.18.0+ds-3+b2
Depends: libc6 (>= 2.34), libgcc-s1 (>= 3.0) | libgcc1, gcc-12-base:any
SHA256: b57a
`;
  const depends = ["libc6", "libgcc-s1", "gcc-12-base"];
  assert.deepEqual(parseStanza(text), { name: "jsonnet", version: "0.18.0+ds-3+b2", checksum: "b57a", depends });
});
