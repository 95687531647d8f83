// An image as one file that podman, docker, containerd and skopeo read: the layout of the Open Container Initiative
// (image-spec/image-layout.md), with docker's own list of contents beside it, as docker writes both since version 25.
import { createHash } from "node:crypto";
import { copyFileSync, createWriteStream, linkSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { withTemporary } from "../../setup/temporary.mjs";
import { stableTar } from "./layer.mjs";

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const CONFIG = "application/vnd.oci.image.config.v1+json";
const LAYER = "application/vnd.oci.image.layer.v1.tar+gzip";
const INDEX = "application/vnd.oci.image.index.v1+json";

const blobName = (digest) => join("blobs", ...digest.split(":"));

/** {bytes, digest, size} of a document. */
function document(value) {
  const bytes = Buffer.from(JSON.stringify(value));
  return { bytes, digest: `sha256:${createHash("sha256").update(bytes).digest("hex")}`, size: bytes.length };
}

/**
 * All documents of an image, by their names in the archive, and the digest of its manifest. Pure.
 *
 * `config`: what it runs (image-spec/config.md, `config`); `architecture`: as Go calls it; `created`: RFC 3339;
 * `layers`: {diffId, digest, size, name}, the lowest first; `tag`: name:tag.
 */
export function imageDocuments({ config, architecture, created, layers, tag }) {
  const image = document({
    created,
    architecture,
    os: "linux",
    config,
    rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) },
    history: layers.map(({ name }) => ({ created, created_by: `binnacle: ${name}` })),
  });
  const manifest = document({
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: { mediaType: CONFIG, digest: image.digest, size: image.size },
    layers: layers.map(({ digest, size }) => ({ mediaType: LAYER, digest, size })),
  });
  const annotations = {
    "io.containerd.image.name": `docker.io/library/${tag}`,
    "org.opencontainers.image.ref.name": tag.slice(tag.lastIndexOf(":") + 1),
  };
  const index = {
    schemaVersion: 2,
    mediaType: INDEX,
    manifests: [
      {
        mediaType: MANIFEST,
        digest: manifest.digest,
        size: manifest.size,
        platform: { architecture, os: "linux" },
        annotations,
      },
    ],
  };
  const forDocker = [
    { Config: blobName(image.digest), RepoTags: [tag], Layers: layers.map(({ digest }) => blobName(digest)) },
  ];
  return {
    digest: manifest.digest,
    documents: {
      [blobName(image.digest)]: image.bytes,
      [blobName(manifest.digest)]: manifest.bytes,
      "index.json": JSON.stringify(index),
      "manifest.json": JSON.stringify(forDocker),
      "oci-layout": JSON.stringify({ imageLayoutVersion: "1.0.0" }),
    },
  };
}

/** Writes the archive; each layer also names its `file`. Returns the image's digest. The file appears whole or not at all. */
export async function writeArchive(target, image) {
  const { digest, documents } = imageDocuments(image);
  await withTemporary(dirname(target), "image", async (folder) => {
    const tree = join(folder, "archive");
    mkdirSync(join(tree, "blobs", "sha256"), { recursive: true });
    for (const [name, content] of Object.entries(documents)) writeFileSync(join(tree, name), content);
    for (const layer of image.layers) linkOrCopy(layer.file, join(tree, blobName(layer.digest)));
    const { output, ended } = stableTar(tree);
    const whole = join(folder, "archive.tar");
    await Promise.all([ended, pipeline(output, createWriteStream(whole))]);
    renameSync(whole, target);
  });
  return digest;
}

/** Layers may lie in a cache on another disk. */
function linkOrCopy(from, to) {
  try {
    linkSync(from, to);
  } catch (error) {
    if (error.code !== "EXDEV" && error.code !== "EPERM") throw error;
    copyFileSync(from, to);
  }
}
