// Layers that do not depend on this checkout are packed once for each state of what goes into them, and kept in the cache.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { noteUse } from "../../setup/old-versions.mjs";
import { cacheFolder, inRoot } from "../../setup/paths.mjs";
import { hashOf, isComplete, place } from "../../setup/place.mjs";
import { noteOf, step } from "../../setup/progress.mjs";
import { writeLayer } from "./layer.mjs";

/** The recipe itself: whoever changes it gets other layers. */
const RECIPE = [
  "image/layer.mjs",
  "image/layers.mjs",
  "image/recipe.mjs",
  "rootfs/debian-packages.mjs",
  "rootfs/files.mjs",
];

const recipeHash = () => hashOf(...RECIPE.map((file) => readFileSync(inRoot("appliance", file))));

/**
 * A layer of what `fill(tree, work)` puts into a folder: {name, file, diffId, digest, size, bytes}, written into `file`.
 * `work` is another folder for whatever is needed on the way.
 */
export async function packLayer(name, file, fill, options) {
  const work = mkdtempSync(`${file}-`);
  try {
    const tree = join(work, "tree");
    mkdirSync(tree);
    await fill(tree, work);
    return { name, file, ...(await writeLayer(tree, file, options)) };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The same out of the cache; `key`: lines that name all that goes into it. */
export async function cachedLayer(name, key, fill) {
  const hash = hashOf(recipeHash(), process.version, ...key).slice(0, 16);
  const folder = join(cacheFolder(), `image-${name}-${hash}`);
  if (!isComplete(folder)) {
    await step(`layer ${name}`, async () => {
      let size = 0;
      await place(folder, async (partial) => {
        const layer = await packLayer(name, join(partial, "layer.tar.gz"), fill);
        writeFileSync(join(partial, "layer.json"), JSON.stringify(layer));
        size = layer.size;
        return [`name: image-${name}`, `version: ${hash}`, ...key.map((line) => `from: ${line}`)];
      });
      return noteOf("compressed", size);
    });
  }
  noteUse(folder);
  const layer = JSON.parse(readFileSync(join(folder, "layer.json"), "utf8"));
  return { ...layer, file: join(folder, "layer.tar.gz") };
}
