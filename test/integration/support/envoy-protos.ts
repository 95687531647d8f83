import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import protobuf from "protobufjs";

const require = createRequire(import.meta.url);
const deps = join(require.resolve("@grpc/grpc-js-xds/package.json"), "..", "deps");
const folders = ["envoy-api", "googleapis", "protoc-gen-validate", "xds"].map((name) => join(deps, name));

type Namespaces = Record<string, protobuf.AnyNestedObject>;

/** The messages of Envoy's own .proto files, named as an `import` names them, with what they import; fields keep their names. */
export function loadProtos(files: readonly string[]): protobuf.Root {
  const descriptor = require("protobufjs/google/protobuf/descriptor.json") as {
    readonly nested: { readonly google: { readonly nested: { readonly protobuf: { readonly nested: Namespaces } } } };
  };
  protobuf.common("descriptor", descriptor.nested.google.nested.protobuf.nested);
  const loaded = new protobuf.Root();
  loaded.resolvePath = (_origin, target) =>
    folders.map((folder) => join(folder, target)).find((path) => existsSync(path)) ?? target;
  return loaded.loadSync([...files], { keepCase: true });
}
