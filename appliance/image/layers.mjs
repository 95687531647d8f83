// The layers of the image, the one that changes least first, so that a new version of Binnacle sends only the last ones.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { unpackFromNpm } from "../../setup/npm.mjs";
import { inRoot } from "../../setup/paths.mjs";
import { pins } from "../../setup/pins.mjs";
import { pinnedKit } from "../../setup/programs.mjs";
import { addApplication, HOME } from "../rootfs/application.mjs";
import { addPackage, bundleAuthorities, resolvePackages } from "../rootfs/debian-packages.mjs";
import { copyInto } from "../rootfs/files.mjs";
import { cachedLayer, packLayer } from "./cached-layer.mjs";
import { noticeText } from "./notice.mjs";
import { addBase, addCommand, BASE, NOTICE, PROGRAMS, USER } from "./recipe.mjs";

const DEBIAN = { ...BASE, ...PROGRAMS };

function debianLayer(name, packages, before = () => {}, after = () => {}) {
  const key = packages.map((one) => `${one.name} ${one.version} ${one.checksum}`);
  return cachedLayer(name, key, async (tree, work) => {
    before(tree);
    for (const one of packages) await addPackage(one, tree, work);
    after(tree);
  });
}

function nodeLayer() {
  const name = `node-linux-${process.arch}`;
  const { version, [process.arch]: integrity } = pins.node;
  return cachedLayer("node", [`${name} ${version} ${integrity}`], async (tree, work) => {
    await unpackFromNpm(name, version, integrity, work);
    copyInto(join(work, "package", "bin", "node"), join(tree, "usr", "local", "bin", "node"));
    copyInto(join(work, "package", "LICENSE"), join(tree, "usr", "share", "doc", "node", "LICENSE"));
  });
}

async function envoyLayer() {
  const folder = await pinnedKit("envoy");
  return cachedLayer("envoy", [readFileSync(join(folder, "SOURCE"), "utf8").trim()], (tree) =>
    copyInto(join(folder, "envoy"), join(tree, "usr", "local", "bin", "envoy")),
  );
}

/** This checkout, and the page that names everything in the image. */
function applicationLayer(folder, debian, about) {
  return packLayer("binnacle", join(folder, "binnacle.tar.gz"), (tree) => {
    const packages = addApplication(tree);
    addCommand(tree);
    const notice = join(tree, NOTICE);
    mkdirSync(dirname(notice), { recursive: true });
    const programs = [
      { name: "envoy", version: pins.envoy.version, licence: "Apache-2.0, the same text as Binnacle's" },
      { name: "node", version: pins.node.version, licence: "/usr/share/doc/node/LICENSE" },
    ];
    writeFileSync(notice, noticeText({ ...about, debian, programs, packages, home: HOME }));
  });
}

/** The folders that the container's user may write into; all else belongs to root and is never written. */
function writableLayer(folder) {
  const names = ["tmp", "var/lib/binnacle"];
  const owner = [`--owner=${USER}`, `--group=${USER}`, "--mode=0700", "--no-recursion"];
  const fill = (tree) => names.forEach((name) => mkdirSync(join(tree, name), { recursive: true }));
  return packLayer("writable", join(folder, "writable.tar.gz"), fill, { options: owner, names });
}

/** All layers, the lowest first (see packLayer). Those that are not cached are written into `folder`. */
export async function makeLayers(folder, about = aboutThisCheckout()) {
  const debian = await resolvePackages(DEBIAN);
  const isProgram = ({ name }) => Object.hasOwn(PROGRAMS, name);
  const base = debian.filter((one) => !isProgram(one));
  return Promise.all([
    debianLayer("base", base, addBase, bundleAuthorities),
    nodeLayer(),
    envoyLayer(),
    debianLayer("monitoring", debian.filter(isProgram)),
    writableLayer(folder),
    applicationLayer(folder, debian, about),
  ]);
}

/** {version, licence} of package.json. */
export function aboutThisCheckout() {
  const { version, license } = JSON.parse(readFileSync(inRoot("package.json"), "utf8"));
  return { version, licence: license };
}
