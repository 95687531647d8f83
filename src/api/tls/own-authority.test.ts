import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { silentLogger } from "#lib/log.ts";
import { API_TLS_FOLDER, AUTHORITY_CERTIFICATE_FILE, OwnAuthority } from "./own-authority.ts";

const DAY = 86_400_000;
const START = Date.parse("2026-11-23T10:00:00Z");
const NAMES = ["127.0.0.1", "::1", "localhost"];

async function stateDirectory(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "binnacle-authority-"));
  t.after(() => rm(path, { recursive: true }));
  return path;
}

function open(stateDirectory: string, now: () => number, names: readonly string[] = NAMES): Promise<OwnAuthority> {
  return OwnAuthority.open({ stateDirectory, names, log: silentLogger, now });
}

async function authorityOf(stateDirectory: string): Promise<X509Certificate> {
  return new X509Certificate(await readFile(join(stateDirectory, API_TLS_FOLDER, AUTHORITY_CERTIFICATE_FILE)));
}

test("it is made once, for the names asked for, and its keys are for nobody else", async (t) => {
  const state = await stateDirectory(t);
  const { pair } = await open(state, () => START);
  const server = new X509Certificate(pair);
  const authority = await authorityOf(state);
  assert.equal(server.verify(authority.publicKey), true);
  assert.equal(server.checkIssued(authority), true);
  assert.equal(authority.ca, true);
  assert.equal(server.ca, false);
  assert.deepEqual([server.checkIP("127.0.0.1"), server.checkIP("::1")], ["127.0.0.1", "::1"]);
  assert.equal(server.checkHost("localhost"), "localhost");
  assert.equal(server.checkHost("example.com"), undefined);
  for (const file of ["ca.pem", "ca.crt", "server.pem"]) {
    assert.equal((await stat(join(state, API_TLS_FOLDER, file))).mode & 0o777, 0o600, file);
  }
  assert.doesNotMatch(await readFile(join(state, API_TLS_FOLDER, AUTHORITY_CERTIFICATE_FILE), "utf8"), /PRIVATE/);
  assert.equal((await open(state, () => START + DAY)).pair, pair, "a restart takes what there is");
});

test("the certificate is renewed in time, by the same authority and without a restart", async (t) => {
  const state = await stateDirectory(t);
  let now = START;
  const own = await open(state, () => now);
  const before = own.pair;
  const { fingerprint256 } = await authorityOf(state);
  now = START + 59 * DAY;
  assert.equal(await own.renew(), false);
  now = START + 61 * DAY;
  assert.equal(await own.renew(), true);
  assert.notEqual(own.pair, before);
  assert.equal((await authorityOf(state)).fingerprint256, fingerprint256);
  assert.ok(new X509Certificate(own.pair).validToDate.getTime() > now + 80 * DAY);
});

test("a renewed authority has its key, so that who trusts the one before goes on", async (t) => {
  const state = await stateDirectory(t);
  let now = START;
  const own = await open(state, () => now);
  const before = await authorityOf(state);
  now = START + 6 * 365 * DAY;
  assert.equal(await own.renew(), true);
  const after = await authorityOf(state);
  assert.notEqual(after.fingerprint256, before.fingerprint256);
  assert.equal(new X509Certificate(own.pair).checkIssued(before), true);
  assert.equal(new X509Certificate(own.pair).verify(before.publicKey), true);
});

test("another name makes another certificate; so does a file that cannot be used", async (t) => {
  const state = await stateDirectory(t);
  const { pair } = await open(state, () => START);
  const named = await open(state, () => START, [...NAMES, "console.example.com"]);
  assert.equal(new X509Certificate(named.pair).checkHost("console.example.com"), "console.example.com");
  const authority = await authorityOf(state);
  const file = join(state, API_TLS_FOLDER, "server.pem");
  for (const text of ["", "nonsense", pair.replace(/-----BEGIN PRIVATE KEY-----[\s\S]*/, "")]) {
    await writeFile(file, text);
    const mended = new X509Certificate((await open(state, () => START)).pair);
    assert.equal(mended.verify(authority.publicKey), true);
  }
});
