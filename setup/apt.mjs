// Debian's packages without root and without installing anything: apt downloads and verifies (the archive's keys sign the
// index, the index holds the checksums), dpkg-deb unpacks.
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { lastLines, run } from "./command.mjs";
import { withLock } from "./lock.mjs";
import { cacheFolder, hasCommand } from "./paths.mjs";
import { pins } from "./pins.mjs";
import { sha256, verifyChecksum } from "./place.mjs";

export const hasApt = () => ["apt-get", "apt-cache", "dpkg-deb"].every(hasCommand);

/** Kept small: compressed, without translated descriptions, without apt's own cache of what it parsed. */
const ownLists = () => {
  const folder = join(cacheFolder(), "apt");
  const settings = [
    `Dir::State::lists=${folder}/lists`,
    `Dir::Cache=${folder}/cache`,
    "Dir::Cache::pkgcache=",
    "Dir::Cache::srcpkgcache=",
    "Acquire::Languages=none",
    "Acquire::GzipIndexes=true",
  ];
  return settings.flatMap((setting) => ["-o", setting]);
};

let updated;
function updateOwnLists() {
  updated ||= withLock(join(cacheFolder(), "apt.lock"), async () => {
    for (const name of ["lists/partial", "cache/archives/partial"]) {
      mkdirSync(join(cacheFolder(), "apt", name), { recursive: true });
    }
    const { code, output } = await run("apt-get", [...ownLists(), "update"]);
    return code === 0 ? undefined : `apt-get update: ${lastLines(output, 4)}`;
  });
  return updated;
}

/**
 * The machine's lists may be empty (a container image) or stale (404): then the work is done again with lists of our own,
 * which need no root. `work(options)` resolves to a result, or to {reason}.
 */
async function withLists(work) {
  const result = await work([]);
  if (!result.reason) return result;
  const reason = await updateOwnLists();
  return reason ? { reason } : work(ownLists());
}

/** `'URI' prometheus_2.42.0+ds-5_amd64.deb 19257088 SHA256:81d5…` → {file, version, checksum} */
export function parseUri(output) {
  const match = /^'[^']+' (\S+?_(\S+)_\w+\.deb) \d+ (?:SHA256:([0-9a-f]{64}))?/m.exec(output);
  return match ? { file: match[1], version: decodeURIComponent(match[2]), checksum: match[3] } : undefined;
}

/**
 * Downloads one package into `folder`: {file, version, path, checksum}, or {reason}. `refuses(version)` may give a reason
 * before anything is downloaded.
 */
export function download(name, folder, refuses = () => undefined) {
  return withLists(async (options) => {
    const asked = await run("apt-get", [...options, "download", "--print-uris", name], { cwd: folder });
    const offer = asked.code === 0 ? parseUri(asked.output) : undefined;
    if (!offer) return { reason: `apt-get download ${name}: ${lastLines(asked.output, 3) || "nothing is offered"}` };
    const reason = refuses(offer.version);
    if (reason) return { reason };
    const got = await run("apt-get", [...options, "download", name], { cwd: folder });
    const path = join(folder, offer.file);
    if (got.code !== 0 || !existsSync(path)) return { reason: `apt-get download ${name}: ${lastLines(got.output, 3)}` };
    verifyChecksum(path, pins.debian[offer.file] || offer.checksum || sha256(path));
    return { ...offer, path, checksum: sha256(path) };
  });
}

/** A stanza of `apt-cache show` → {name, version, checksum, depends: names, the first of alternatives}. */
export function parseStanza(text) {
  const field = (name) => new RegExp(`^${name}: (.*)$`, "m").exec(text)?.[1];
  const depends = (field("Depends") || "").split(",").map((entry) => /[a-z0-9][a-z0-9+.-]*/.exec(entry)?.[0]);
  return {
    name: field("Package"),
    version: field("Version"),
    checksum: field("SHA256"),
    depends: depends.filter(Boolean),
  };
}

/** What is offered of these packages, without downloading them: {stanzas: see parseStanza, in their order}, or {reason}. */
export function offersOf(names) {
  return withLists(async (options) => {
    const asked = await run("apt-cache", [...options, "show", "--no-all-versions", ...names]);
    const stanzas = asked.output.split(/\n\n+/).map(parseStanza);
    const offers = names.map((name) => stanzas.find((stanza) => stanza.name === name && stanza.checksum));
    const missing = names.filter((_, index) => !offers[index]);
    if (missing.length > 0) return { reason: `apt-cache show: nothing is offered as ${missing.join(", ")}` };
    return { stanzas: offers };
  });
}

export async function unpack(path, folder) {
  const { code, output } = await run("dpkg-deb", ["-x", path, folder]);
  if (code !== 0) throw new Error(`dpkg-deb -x ${path}: ${output}`);
}

/** Unpacks a package and everything it needs that is not installed here into `folder`; resolves to {} or {reason}. */
export async function unpackWithDependencies(name, folder) {
  if (!hasApt()) return { reason: "apt-get is not on this machine" };
  const debs = join(folder, "debs");
  mkdirSync(debs, { recursive: true });
  const result = await withLists(async (options) => {
    const plan = await run("apt-get", [...options, "--simulate", "--no-install-recommends", "install", name]);
    const names = [...plan.output.matchAll(/^Inst (\S+) /gm)].map((match) => match[1]);
    if (plan.code !== 0 || names.length === 0)
      return { reason: `apt-get install ${name}: ${lastLines(plan.output, 3)}` };
    const got = await run("apt-get", [...options, "download", ...names], { cwd: debs });
    return got.code === 0 ? {} : { reason: `apt-get download ${name}: ${lastLines(got.output, 3)}` };
  });
  if (result.reason) return result;
  for (const deb of readdirSync(debs)) await unpack(join(debs, deb), folder);
  return {};
}

/** The folders of `tree` in which Debian puts shared libraries. */
export function libraryFolders(tree) {
  return ["usr/lib", "lib"]
    .map((name) => join(tree, name))
    .filter(existsSync)
    .flatMap((folder) =>
      readdirSync(folder)
        .filter((name) => name.endsWith("-linux-gnu"))
        .map((name) => join(folder, name)),
    );
}
