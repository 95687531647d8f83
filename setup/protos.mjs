// Envoy's messages as TypeScript: `buf generate` with ts-proto over the .proto files that the npm package @grpc/grpc-js-xds
// carries, into src/proto (git-ignored). The files wanted are named in protos.txt; what they import follows by itself.
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { lastLines, run } from "./command.mjs";
import { lockHash } from "./packages.mjs";
import { childEnvironment, inRoot } from "./paths.mjs";
import { hashOf } from "./place.mjs";
import { Problem } from "./problem.mjs";

const carried = join("node_modules", "@grpc", "grpc-js-xds", "deps");
const validator = join("protoc-gen-validate", "validate", "validate.proto");

/** The lines of protos.txt without comments and blanks: paths as an `import` in a .proto file names them. */
export function protoFiles(text) {
  return text
    .split("\n")
    .map((line) => line.replace(/#.*/, "").trim())
    .filter((line) => line !== "");
}

/** Each wanted file as an argument of buf, below the module folder that has it. */
export function pathArguments(wanted, modules, exists = existsSync) {
  return wanted.flatMap((file) => {
    const home = modules.find((module) => exists(join(module, file)));
    if (home !== undefined) return ["--path", join(home, file)];
    throw new Problem(`no such .proto file: ${file}`, {
      cause: "setup/protos.txt names it, but @grpc/grpc-js-xds does not carry it",
      fix: `look for its right name in ${carried}, or run npm ci if that folder is damaged`,
    });
  });
}

/**
 * The package's validate.proto is older than its Envoy files, which use `ignore_empty` on strings: without that field
 * none of them compiles. The rules themselves are not generated, so declaring it is enough.
 */
export function declareIgnoreEmpty(source) {
  if (source.includes("ignore_empty")) return source;
  const patched = source.replace(
    /message StringRules \{\r?\n/,
    (line) => `${line}    optional bool ignore_empty = 26;\n`,
  );
  if (patched === source)
    throw new Error(`${validator}: no message StringRules in it; is @grpc/grpc-js-xds intact? Run npm ci.`);
  return patched;
}

/** Copies the .proto modules below build/protos (buf.yaml names it), mended. Returns the folder of each. */
function prepareModules() {
  const target = inRoot("build", "protos");
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  cpSync(inRoot(carried), target, { recursive: true });
  // The validator's own test files use things of their own that do not compile here.
  for (const name of ["java", "tests"])
    rmSync(join(target, "protoc-gen-validate", name), { recursive: true, force: true });
  writeFileSync(join(target, validator), declareIgnoreEmpty(readFileSync(join(target, validator), "utf8")));
  return readdirSync(target).map((name) => join(target, name));
}

const stampFile = () => inRoot("src", "proto", ".sources");

function sourcesHash() {
  const inputs = ["setup/protos.txt", "setup/protos.mjs", "buf.yaml", "buf.gen.yaml"].map((file) =>
    readFileSync(inRoot(file)),
  );
  return hashOf(lockHash(), ...inputs);
}

export const protosReady = () => existsSync(stampFile()) && readFileSync(stampFile(), "utf8") === sourcesHash();

/** Writes src/proto as a whole: generated beside it, then exchanged, so that nobody reads half of it. */
export async function generateProtos(node) {
  const hash = sourcesHash();
  const fresh = inRoot("build", "generated");
  rmSync(fresh, { recursive: true, force: true });
  const paths = pathArguments(protoFiles(readFileSync(inRoot("setup", "protos.txt"), "utf8")), prepareModules());
  const buf = inRoot("node_modules", ".bin", "buf");
  const { code, output } = await run(buf, ["generate", "--output", fresh, ...paths], {
    cwd: inRoot(),
    env: childEnvironment(node),
  });
  if (code !== 0) {
    throw new Problem("cannot generate Envoy's messages", {
      cause: lastLines(output),
      fix: "correct setup/protos.txt or buf.gen.yaml; if neither was changed: rm -r node_modules && npm run up",
    });
  }
  writeFileSync(join(fresh, "src", "proto", ".sources"), hash);
  const old = inRoot("build", "generated", "old");
  if (existsSync(inRoot("src", "proto"))) renameSync(inRoot("src", "proto"), old);
  renameSync(join(fresh, "src", "proto"), inRoot("src", "proto"));
  rmSync(fresh, { recursive: true, force: true });
}
