import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { createLogger } from "#lib/log.ts";
import { certificateAuthority } from "../../test/integration/support/certificate.ts";
import { until } from "../../test/integration/support/until.ts";
import { readTlsFiles, type TlsFiles, type TlsMaterial } from "./tls-files.ts";
import { TlsFilesWatch } from "./tls-files-watch.ts";

const authority = certificateAuthority();
const server = authority.issue(["control.test"]);
const encrypted = generateKeyPairSync("ec", {
  namedCurve: "P-256",
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "secret" },
}).privateKey;
const other = authority.issue(["control.test"]);

test("files that belong together are read, with equal hashes for equal content", (t) => {
  const folder = folderOf(t);
  const until = new Date("2030-01-01T00:00:00Z");
  const files = write(folder, { ...authority.issue(["control.test"], { until }) });
  const material = readTlsFiles(files);
  assert.deepEqual([material.context.minVersion, material.notAfter], ["TLSv1.2", until.getTime()]);
  assert.equal(readTlsFiles(files).hash, material.hash);
  write(folder, other);
  assert.notEqual(readTlsFiles(files).hash, material.hash);
});

test("a chain and several authorities are taken", (t) => {
  const files = write(folderOf(t), {
    cert: `${server.cert}${authority.cert}`,
    key: server.key,
    ca: `of this year\n${authority.cert}\nof the last\n${certificateAuthority("old").cert}`,
  });
  readTlsFiles(files);
});

for (const [what, parts, expected] of [
  [
    "a key of another certificate",
    { key: other.key },
    /key\.pem does not belong to the first certificate in .*cert\.pem/,
  ],
  [
    "an authority before the leaf",
    { cert: `${authority.cert}${server.cert}` },
    /key\.pem does not belong.*the leaf first/,
  ],
  ["no certificate", { cert: "" }, /cert\.pem holds no certificate; PEM is expected/],
  ["a certificate in the place of the key", { key: server.cert }, /key\.pem holds no private key/],
  ["a key with a passphrase", { key: encrypted }, /key\.pem holds no private key.*without a passphrase/],
  [
    "a certificate that is cut short",
    { cert: server.cert.replace(/\n.*\n.*\n(?=-----END)/, "\n") },
    /cert\.pem holds a certificate that cannot be read/,
  ],
  ["no authority", { ca: "none\n" }, /ca\.pem holds no certificate/],
  [
    "a leaf as the authority",
    { ca: server.cert },
    /ca\.pem holds a certificate that is no authority's \(CN=control\.test\)/,
  ],
] as const) {
  test(`${what} is told by its file`, (t) => {
    const files = write(folderOf(t), parts);
    assert.throws(
      () => readTlsFiles(files),
      (error: Error) => expected.test(error.message) && !error.message.includes("PRIVATE KEY-----\n"),
    );
  });
}

test("a missing file is told by its path", (t) => {
  const files = write(folderOf(t), {});
  rmSync(files.keyFile);
  assert.throws(
    () => readTlsFiles(files),
    (error: Error) => /cannot read the private key/.test(error.message) && String(error.cause).includes(files.keyFile),
  );
});

test("renewals are followed: moved into place, written in place, and by a swapped link as Kubernetes does it", async (t) => {
  const folder = folderOf(t);
  for (const [version, pair] of [
    ["v1", server],
    ["v2", other],
  ] as const) {
    mkdirSync(join(folder, version));
    write(join(folder, version), pair);
  }
  symlinkSync("v1", join(folder, "..data"));
  for (const name of ["cert.pem", "key.pem", "ca.pem"]) symlinkSync(join("..data", name), join(folder, name));
  const files = filesIn(folder);
  const { seen } = watched(t, files);

  symlinkSync("v2", join(folder, "..new"));
  renameSync(join(folder, "..new"), join(folder, "..data"));
  await until(() => seen.length === 1, { what: "the swapped link" });

  for (const name of ["cert.pem", "key.pem", "ca.pem"]) rmSync(join(folder, name));
  write(folder, server);
  await until(() => seen.length === 2, { what: "the written files" });

  const third = authority.issue(["control.test"]);
  mkdirSync(join(folder, "next"));
  write(join(folder, "next"), third);
  for (const name of ["key.pem", "cert.pem"]) renameSync(join(folder, "next", name), join(folder, name));
  await until(() => seen.length === 3, { what: "the moved files" });
  assert.equal(String(seen[2]?.context.cert), third.cert);
});

test("half a renewal is waited out, and told once", async (t) => {
  const folder = folderOf(t);
  const files = write(folder, server);
  const { seen, warnings } = watched(t, files);
  writeFileSync(files.certificateFile, other.cert);
  await until(() => warnings.length === 1, { what: "the warning" });
  assert.match(warnings[0] ?? "", /those before go on.*does not belong/);
  assert.deepEqual(seen, []);
  // The same again is not told again; with the key it is whole.
  writeFileSync(files.certificateFile, other.cert);
  writeFileSync(files.keyFile, other.key);
  await until(() => seen.length === 1, { what: "the whole pair" });
  assert.equal(warnings.length, 1);
});

function watched(t: TestContext, files: TlsFiles): { seen: TlsMaterial[]; warnings: string[] } {
  const seen: TlsMaterial[] = [];
  const warnings: string[] = [];
  const log = createLogger({ level: "warn", format: "text", write: (line) => warnings.push(line) });
  const watch = new TlsFilesWatch(files, readTlsFiles(files).hash, (material) => seen.push(material), log);
  t.after(() => watch[Symbol.dispose]());
  return { seen, warnings };
}

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "binnacle-tls-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

function filesIn(folder: string): TlsFiles {
  return {
    certificateFile: join(folder, "cert.pem"),
    keyFile: join(folder, "key.pem"),
    clientCaFile: join(folder, "ca.pem"),
  };
}

function write(
  folder: string,
  parts: { readonly cert?: string; readonly key?: string; readonly ca?: string },
): TlsFiles {
  const files = filesIn(folder);
  writeFileSync(files.certificateFile, parts.cert ?? server.cert);
  writeFileSync(files.keyFile, parts.key ?? server.key);
  writeFileSync(files.clientCaFile, parts.ca ?? authority.cert);
  return files;
}
