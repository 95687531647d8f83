import assert from "node:assert/strict";
import { access, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { Container } from "./support/container.ts";
import { containerNetwork } from "./support/container-network.ts";
import { unpackImage, type UnpackedImage } from "./support/unpacked-image.ts";

/** Loads what is loaded only where a platform or a setting asks for it, too; but what begins to work when it is loaded. */
const LOAD_ALL = `import { globSync } from "node:fs";
const programs = /^src\\/(cli|snapshot-server\\/(main|serve)|.*-(thread|worker))\\.ts$/;
const files = globSync("src/**/*.ts", { cwd: "/opt/binnacle" }).filter((file) => !programs.test(file));
for (const file of files.sort()) await import("/opt/binnacle/" + file);
console.log(files.length, "files");`;

suite("what is in the image", { timeout: 300_000 }, () => {
  let image: UnpackedImage;
  before(async () => {
    image = await unpackImage();
  });
  after(() => image[Symbol.asyncDispose]());

  test("all of Binnacle's code loads, with every package that it names", async () => {
    await using network = await containerNetwork();
    const command = ["node", "--input-type=module", "-e", LOAD_ALL];
    await using container = await Container.start({ image, network: network.path, command, args: [] });
    assert.equal(await container.ended, 0, container.output);
    assert.match(container.output, /^[5-9]\d\d files$/m);
  });

  test("nothing in it is for development, and every part is named with its licence", async () => {
    const home = join(image.rootfs, "opt/binnacle");
    const files = await readdir(home, { recursive: true });
    assert.deepEqual(
      files.filter((file) =>
        /(\.test|-for-tests)\.ts$|\.d\.[cm]?ts$|\.map$|^src\/console\/|\/(typescript|oxlint|vite)\//.test(file),
      ),
      [],
    );
    const notice = await readFile(join(image.rootfs, "usr/share/doc/binnacle/NOTICE"), "utf8");
    const lines = new Set([...notice.matchAll(/^ {2}(\S+) (\S+) +(\S.*)$/gm)].map(([, name]) => name));
    const packages = files.filter((file) => /(^|\/)node_modules\/(@[^/]+\/)?[^/@]+\/package\.json$/.test(file));
    assert.ok(packages.length > 100);
    for (const file of packages) {
      const { name } = JSON.parse(await readFile(join(home, file), "utf8")) as { name: string };
      assert.ok(lines.has(name), `the notice does not name ${name}`);
    }
    for (const name of await readdir(join(image.rootfs, "var/lib/dpkg/status.d"))) {
      assert.ok(lines.has(name), `the notice does not name Debian's ${name}`);
      await access(join(image.rootfs, "usr/share/doc", name, "copyright"));
    }
    assert.ok((await stat(join(image.rootfs, "usr/share/doc/node/LICENSE"))).size > 10_000);
  });

  test("there is one shell and no tool for it", async () => {
    const programs = await Promise.all(["usr/bin", "usr/local/bin"].map((path) => readdir(join(image.rootfs, path))));
    assert.deepEqual(programs.flat().sort(), [
      "binnacle",
      "dash",
      "envoy",
      "jsonnet",
      "node",
      "prometheus",
      "prometheus-alertmanager",
      "sh",
    ]);
  });
});
