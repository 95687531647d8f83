// Programs out of Debian's packages into the cache.
import { existsSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { relocateAlertmanager } from "./alertmanager.mjs";
import { download, hasApt, unpack } from "./apt.mjs";
import { place } from "./place.mjs";
import { Problem } from "./problem.mjs";
import { noteOf } from "./progress.mjs";
import { withTemporary } from "./temporary.mjs";
import { inRange, parseVersion } from "./versions.mjs";

/** Moves the kit's programs from usr/bin, by any of their names, to the top of its folder. Returns what is missing. */
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
  if (!hasApt()) return { reason: "apt-get is not on this machine" };
  const refuses = (version) =>
    inRange(parseVersion(version) || [0], kit.range)
      ? undefined
      : `this distribution has ${kit.debian[0]} ${version}, which is outside ${kit.range}`;
  try {
    return await withTemporary(cache, "debian", async (work) => {
      const first = await download(kit.debian[0], work, refuses);
      if (first.reason) return first;
      let size = 0;
      await place(join(cache, `${kit.name}-${first.version}`), async (folder) => {
        const source = [`name: ${kit.name}`, `version: ${first.version}`];
        // What one package holds in one release is split in the next: the others are asked for only while a program lacks.
        for (let next = 1, deb = first; ; deb = await download(kit.debian[next++], work, refuses)) {
          if (deb.reason) throw new Error(deb.reason);
          size += statSync(deb.path).size;
          source.push(`from: Debian package ${deb.file}, verified by apt`, `sha256: ${deb.checksum}`);
          await unpack(deb.path, join(work, "unpacked"));
          const missing = takePrograms(kit, join(work, "unpacked"), folder);
          if (missing.length === 0) break;
          if (next === kit.debian.length) throw new Error(`${deb.file} holds no ${missing.join(", ")}`);
        }
        if (kit.name === "alertmanager") source.push(...(await relocateAlertmanager(folder, join(work, "unpacked"))));
        return source;
      });
      return { note: noteOf(first.version, size) };
    });
  } catch (error) {
    if (error instanceof Problem) throw error;
    return { reason: error.message };
  }
}
