// What is wanted of Debian's packages, file by file: apt downloads and verifies, nothing is installed and no root is needed.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { download, hasApt, offersOf, unpack } from "../../setup/apt.mjs";
import { run } from "../../setup/command.mjs";
import { Problem } from "../../setup/problem.mjs";
import { copyInto, pathsBelow } from "./files.mjs";

/** Debian's libraries for programs; those for web pages are called libjs-. The base of gcc has its libraries' licence. */
const isLibrary = (name) => /^lib(?!js-)|^gcc-\d+-base$/.test(name);

/** Libraries for programs, and the loader of programs. Not those that only compilers, debuggers and old systems ask for. */
const LIBRARY_FILE = /^usr\/lib(64)?\/([^/]+-linux-gnu\/)?(lib|ld)[^/]*\.so(\.[\d.]+)?$/;
const NEVER_LOADED =
  /\/lib(BrokenLocale|anl|c_malloc_debug|crypt|memusage|mvec|nsl|nss_(compat|hesiod)|pcprofile|thread_db)\b/;

/** Debian's folders of before are links to those below usr now. */
const merged = (path) => path.replace(/^(bin|lib|lib64|sbin)\//, "usr/$1/");

const unavailable = (reason) =>
  new Problem("cannot get what the image needs of Debian", {
    cause: reason,
    fix: "build it on Debian 12 or newer, or a system made from it, whose apt reaches its archive (apt-get update)",
  });

/**
 * The packages with the libraries that they need, by name: {name, version, checksum, takes: path → boolean}.
 * `wanted`: name → takes. Downloads nothing.
 */
export async function resolvePackages(wanted) {
  if (!hasApt()) throw unavailable("apt-get, apt-cache or dpkg-deb is not on this machine");
  const found = new Map();
  let names = Object.keys(wanted);
  while (names.length > 0) {
    const { stanzas, reason } = await offersOf(names);
    if (reason) throw unavailable(reason);
    for (const { name, version, checksum } of stanzas) {
      const takes = wanted[name] || ((path) => LIBRARY_FILE.test(path) && !NEVER_LOADED.test(path));
      found.set(name, { name, version, checksum, takes });
    }
    const needed = new Set(stanzas.flatMap(({ depends }) => depends.filter(isLibrary)));
    names = [...needed].filter((name) => !found.has(name));
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Of gcc's libraries the licence lies in another package's folder, to which a link leads. */
const isLegal = (path, name) => path === `usr/share/doc/${name}/copyright` || path === `usr/share/doc/${name}`;

/**
 * Puts what is taken of a package into `tree`, with its licence and a note by which scanners for known faults
 * recognise it (var/lib/dpkg/status.d, as in other images without a package manager).
 */
export async function addPackage({ name, version, takes }, tree, work) {
  const debs = join(work, "debs");
  mkdirSync(debs, { recursive: true });
  const deb = await download(name, debs, (offered) =>
    offered === version
      ? undefined
      : `${name} ${offered} came instead of ${version}: apt's lists have changed meanwhile`,
  );
  if (deb.reason) throw unavailable(deb.reason);
  const unpacked = join(work, name);
  await unpack(deb.path, unpacked);
  for (const path of pathsBelow(unpacked)) {
    const target = merged(path);
    if (takes(target) || isLegal(target, name)) copyInto(join(unpacked, path), join(tree, target));
  }
  const control = await run("dpkg-deb", ["--field", deb.path]);
  if (control.code !== 0) throw new Error(`dpkg-deb --field ${deb.path}: ${control.output}`);
  const notes = join(tree, "var", "lib", "dpkg", "status.d");
  mkdirSync(notes, { recursive: true });
  writeFileSync(join(notes, name), control.output);
  rmSync(unpacked, { recursive: true });
}

/** One file of all authorities, as ca-certificates makes it where it is installed: programs read no other. */
export function bundleAuthorities(tree) {
  const folder = join(tree, "usr", "share", "ca-certificates");
  if (!existsSync(folder)) throw new Error("ca-certificates has no authorities below usr/share/ca-certificates");
  const all = [...pathsBelow(folder)].filter((path) => path.endsWith(".crt"));
  const target = join(tree, "etc", "ssl", "certs");
  mkdirSync(target, { recursive: true });
  const certificates = all.map((path) => `${readFileSync(join(folder, path), "utf8").trimEnd()}\n`);
  writeFileSync(join(target, "ca-certificates.crt"), certificates.join(""));
  rmSync(folder, { recursive: true });
}
