// Programs out of Debian's packages, without root and without installing anything: apt downloads and verifies (its
// archive keys sign the index, the index holds the checksums), dpkg-deb unpacks into the cache.
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { lastLines, run } from "./command.mjs";
import { relocateAlertmanager } from "./alertmanager.mjs";
import { withLock } from "./lock.mjs";
import { cacheFolder, hasCommand } from "./paths.mjs";
import { pins } from "./pins.mjs";
import { place, sha256, verifyChecksum } from "./place.mjs";
import { megabytes } from "./progress.mjs";
import { inRange, parseVersion } from "./versions.mjs";

const usable = () => ["apt-get", "dpkg-deb"].every(hasCommand);

/** apt's lists may be empty (a container image) or stale (404): then we keep our own, which needs no root. */
const ownLists = () => {
  const folder = join(cacheFolder(), "apt");
  return ["-o", `Dir::State::lists=${folder}/lists`, "-o", `Dir::Cache=${folder}/cache`];
};

let updated;
function updateOwnLists() {
  updated ||= withLock(join(cacheFolder(), "apt.lock"), async () => {
    for (const name of ["lists/partial", "cache/archives/partial"]) {
      mkdirSync(join(cacheFolder(), "apt", name), { recursive: true });
    }
    const { code, output } = await run("apt-get", [...ownLists(), "update"]);
    return code === 0 ? undefined : output;
  });
  return updated;
}

/** `'URI' prometheus_2.42.0+ds-5_amd64.deb 19257088 SHA256:81d5…` → {file, version, checksum} */
export function parseUri(output) {
  const match = /^'[^']+' (\S+_(\S+)_\S+\.deb) \d+ (?:SHA256:([0-9a-f]{64}))?/m.exec(output);
  return match ? { file: match[1], version: decodeURIComponent(match[2]), checksum: match[3] } : undefined;
}

/** Downloads one package into `folder`; resolves to what was got, or to {reason}. */
async function download(name, range, folder) {
  let reason;
  for (const options of [[], ownLists()]) {
    if (options.length) {
      const failed = await updateOwnLists();
      if (failed) return { reason: `apt-get update: ${lastLines(failed, 4)}` };
    }
    const asked = await run("apt-get", [...options, "download", "--print-uris", name], { cwd: folder });
    const offer = asked.code === 0 ? parseUri(asked.output) : undefined;
    if (!offer) {
      reason = `apt-get download ${name}: ${lastLines(asked.output, 3) || "nothing offered"}`;
      continue;
    }
    if (!inRange(parseVersion(offer.version) || [0], range)) {
      return { reason: `this distribution has ${name} ${offer.version}, which is outside ${range}` };
    }
    const got = await run("apt-get", [...options, "download", name], { cwd: folder });
    const path = join(folder, offer.file);
    if (got.code === 0 && existsSync(path)) {
      verifyChecksum(path, pins.debian[offer.file] || offer.checksum || sha256(path));
      return { ...offer, path, checksum: sha256(path) };
    }
    reason = `apt-get download ${name}: ${lastLines(got.output, 3)}`;
  }
  return { reason };
}

async function unpack(deb, folder) {
  const { code, output } = await run("dpkg-deb", ["-x", deb.path, folder]);
  if (code !== 0) throw new Error(`dpkg-deb -x ${deb.file}: ${output}`);
}

/** Moves the kit's programs from usr/bin, by any of their names, to the top of its folder. */
function takePrograms(kit, unpacked, folder) {
  const missing = [];
  for (const program of kit.programs) {
    const from = program.names.map((name) => join(unpacked, "usr", "bin", name)).find(existsSync);
    if (from) renameSync(from, join(folder, program.file));
    else if (!existsSync(join(folder, program.file))) missing.push(program.file);
  }
  return missing;
}

export async function fromDebian(kit, cache) {
  if (!usable()) return { reason: "apt-get is not on this machine" };
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, "debian-"));
  try {
    const first = await download(kit.debian[0], kit.range, work);
    if (first.reason) return first;
    let size = 0;
    await place(join(cache, `${kit.name}-${first.version}`), async (folder) => {
      const source = [`name: ${kit.name}`, `version: ${first.version}`];
      // What one package holds in one release is split in the next: the others are asked for only while a program lacks.
      for (let i = 0, deb = first; ; deb = await download(kit.debian[++i], kit.range, work)) {
        if (deb.reason) throw new Error(deb.reason);
        size += statSync(deb.path).size;
        source.push(`from: Debian package ${deb.file}, verified by apt`, `sha256: ${deb.checksum}`);
        await unpack(deb, join(work, "unpacked"));
        const missing = takePrograms(kit, join(work, "unpacked"), folder);
        if (missing.length === 0) break;
        if (i + 1 === kit.debian.length) throw new Error(`${deb.file} holds no ${missing.join(", ")}`);
      }
      if (kit.name === "alertmanager") source.push(...(await relocateAlertmanager(folder, join(work, "unpacked"))));
      return source;
    });
    return { note: `${first.version}, ${megabytes(size)}` };
  } catch (error) {
    if (error.name === "Problem") throw error;
    return { reason: error.message };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
