import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { MonitoringService } from "./services.ts";

/**
 * Makes a service's folders (0700) and writes its files (0600), each whole or not at all, so that a program that reads
 * them at any moment finds an old or a new one. Throws what the file system says.
 */
export async function writeServiceFiles(service: MonitoringService): Promise<void> {
  for (const directory of service.directories) await mkdir(directory, { recursive: true, mode: 0o700 });
  for (const { path, content } of service.files) {
    await writeFile(`${path}.new`, content, { mode: 0o600 });
    await rename(`${path}.new`, path);
  }
  const wanted = new Set(service.files.map(({ path }) => path));
  for (const directory of service.ownedDirectories) {
    for (const name of await readdir(directory)) {
      const path = join(directory, name);
      if (!wanted.has(path)) await rm(path, { recursive: true });
    }
  }
}
