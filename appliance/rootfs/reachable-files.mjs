// Every file that a program can load, from its first one on: by what each file names, found as Node finds it.
import { existsSync, readFileSync, statSync } from "node:fs";
import { createRequire, isBuiltin, registerHooks } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { namedIn } from "./named-in-source.mjs";

/**
 * {files, lookingBeside} from the files `entries` on: absolute paths without symbolic links. `files`: all that is loaded or may be,
 * sorted; `lookingBeside`: those of them that ask where they lie. `computedNames(file, texts)`: what a file requires by names that only a
 * run knows, in `texts`.
 *
 * A name that leads nowhere is no fault here: packages try optional ones.
 */
export function reachableFiles(entries, computedNames) {
  const files = new Set(entries);
  const lookingBeside = new Set();
  const add = (path) => path !== undefined && files.add(path);
  // A set's iteration goes on to what is added meanwhile.
  for (const file of files) {
    if (!/\.([cm]?js|ts)$/.test(file)) continue;
    const named = namedIn(readFileSync(file, "utf8"), file.endsWith(".ts") ? "ts" : "js");
    const computed = named.computed.length > 0 ? computedNames(file, named.computed) : [];
    for (const name of named.imports) add(imported(name, file));
    for (const name of [...named.requires, ...computed]) add(required(name, file));
    for (const name of named.files) add(fileAt(new URL(name, pathToFileURL(file))));
    if (named.looksBeside) lookingBeside.add(file);
  }
  return { files: [...files].sort((a, b) => (a < b ? -1 : 1)), lookingBeside };
}

/** Folders are no program's to load. */
function fileAt(url) {
  const path = fileURLToPath(url);
  return existsSync(path) && statSync(path).isFile() ? path : undefined;
}

function required(name, from) {
  if (isBuiltin(name)) return undefined;
  try {
    return createRequire(from).resolve(name);
  } catch (error) {
    return nowhere(error);
  }
}

const FROM_ELSEWHERE = "binnacle-from:";
let isHooked = false;

/** import.meta.resolve answers for the file that it stands in; the hook lets it answer for another. */
function imported(name, from) {
  if (isBuiltin(name)) return undefined;
  if (!isHooked) {
    registerHooks({
      resolve(specifier, context, next) {
        if (!specifier.startsWith(FROM_ELSEWHERE)) return next(specifier, context);
        const [wanted, parentURL] = JSON.parse(decodeURIComponent(specifier.slice(FROM_ELSEWHERE.length)));
        return { ...next(wanted, { ...context, parentURL }), shortCircuit: true };
      },
    });
    isHooked = true;
  }
  try {
    const asked = encodeURIComponent(JSON.stringify([name, pathToFileURL(from).href]));
    const url = import.meta.resolve(FROM_ELSEWHERE + asked);
    return url.startsWith("file:") ? fileAt(url) : undefined;
  } catch (error) {
    return nowhere(error);
  }
}

function nowhere(error) {
  if (["MODULE_NOT_FOUND", "ERR_MODULE_NOT_FOUND"].includes(error.code)) return undefined;
  throw error;
}
