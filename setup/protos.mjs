// Envoy's messages as TypeScript: `buf generate` with ts-proto over the .proto files that the npm package @grpc/grpc-js-xds
// carries, into src/proto (git-ignored). The files wanted are named in protos.txt; what they import follows by itself.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";

const PACKAGE = join("node_modules", "@grpc", "grpc-js-xds", "deps");
const VALIDATE = join("protoc-gen-validate", "validate", "validate.proto");

/** The lines of protos.txt without comments and blanks: paths as an `import` in a .proto file names them. */
export function protoFiles(text) {
  return text
    .split("\n")
    .map((line) => line.replace(/#.*/, "").trim())
    .filter((line) => line !== "");
}

/**
 * The package's validate.proto is older than its Envoy files, which use `ignore_empty` on strings: without that field
 * none of them compiles. The rules themselves are not generated, so declaring it is enough.
 */
export function declareIgnoreEmpty(source) {
  if (source.includes("ignore_empty")) return source;
  const patched = source.replace(/message StringRules \{\r?\n/, (line) => `${line}    optional bool ignore_empty = 26;\n`);
  if (patched === source) throw new Error(`${VALIDATE}: no message StringRules in it; is @grpc/grpc-js-xds intact? Run npm ci.`);
  return patched;
}

/** Copies the .proto modules below build/protos, mended. Returns the folder of each. */
function prepareModules(root) {
  const target = join(root, "build", "protos");
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  cpSync(join(root, PACKAGE), target, { recursive: true });
  // The validator's own test files use things of their own that do not compile here.
  for (const folder of ["java", "tests"]) rmSync(join(target, "protoc-gen-validate", folder), { recursive: true, force: true });
  writeFileSync(join(target, VALIDATE), declareIgnoreEmpty(readFileSync(join(target, VALIDATE), "utf8")));
  return readdirSync(target).map((name) => join(target, name));
}

/** Writes src/proto below `root`. `nodeBin` is the folder of the Node that runs the plugin. Throws with the cause. */
export function generateProtos(root, nodeBin) {
  const modules = prepareModules(root);
  const wanted = protoFiles(readFileSync(join(root, "setup", "protos.txt"), "utf8"));
  const paths = wanted.flatMap((file) => {
    const home = modules.find((module) => existsSync(join(module, file)));
    if (home === undefined) throw new Error(`setup/protos.txt names ${file}, which @grpc/grpc-js-xds does not carry`);
    return ["--path", join(home, file)];
  });
  const bin = join(root, "node_modules", ".bin");
  execFileSync(join(bin, "buf"), ["generate", ...paths], {
    cwd: root,
    env: { ...process.env, PATH: [nodeBin, bin, process.env.PATH].join(delimiter) },
    stdio: ["ignore", "ignore", "pipe"],
  });
}
