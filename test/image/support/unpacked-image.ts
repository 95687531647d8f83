import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryDirectory } from "../../integration/support/temp-dir.ts";
import { findTool, runTool, type Tool } from "./tool.ts";

/** What a container engine runs: runtime-spec/config.md, as far as it is looked at here. */
export interface RuntimeConfig {
  readonly process: { readonly args: readonly string[]; readonly env: readonly string[]; readonly user: RuntimeUser };
  readonly mounts: readonly RuntimeMount[];
  readonly linux: { readonly resources?: object };
  readonly [field: string]: unknown;
}

export interface RuntimeUser {
  readonly uid: number;
  readonly gid: number;
}

export interface RuntimeMount {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options?: readonly string[];
}

/** An image as an engine unpacks it: its root file system, and what the image says of how it is run. */
export interface UnpackedImage extends AsyncDisposable {
  readonly rootfs: string;
  readonly config: RuntimeConfig;
}

/** The file that the image was built into. */
export function imageArchive(): string {
  const path = process.env["BINNACLE_IMAGE"];
  if (path === undefined || path === "") {
    throw new Error('BINNACLE_IMAGE is not set; run this test by "npm run test:image", which builds the image');
  }
  return path;
}

/** The built image, unpacked by umoci: `await using image = await unpackImage();`. Five seconds, 380 MB; needs root. */
export async function unpackImage(): Promise<UnpackedImage> {
  await using start = new AsyncDisposableStack();
  const folder = start.use(await temporaryDirectory("image"));
  const layout = join(folder.path, "layout");
  const bundle = join(folder.path, "bundle");
  await mkdir(layout);
  const tar: Tool = { command: "tar", env: process.env };
  await runTool(tar, "--extract", `--file=${imageArchive()}`, `--directory=${layout}`);
  await runTool(await findTool("umoci"), "unpack", "--image", `${layout}:latest`, bundle);
  const config = JSON.parse(await readFile(join(bundle, "config.json"), "utf8")) as RuntimeConfig;
  start.move();
  return {
    rootfs: join(bundle, "rootfs"),
    config,
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}
