// The way for machines whose distribution has no fitting package but which have Go: slow, yet from verified sources
// (Go checks every module against its public checksum log).
import { renameSync } from "node:fs";
import { join } from "node:path";
import { lastLines, run } from "./command.mjs";
import { hasCommand } from "./paths.mjs";
import { place } from "./place.mjs";

const modules = {
  prometheus: {
    release: "3.16.0",
    // Without these tags dependencies that cannot be installed this way are pulled in.
    flags: ["-tags", "netgo,remove_all_sd"],
    packages: ["prometheus", "promtool"].map((name) => `github.com/prometheus/prometheus/cmd/${name}@v0.316.0`),
  },
  alertmanager: {
    release: "0.28.1",
    packages: ["alertmanager", "amtool"].map((name) => `github.com/prometheus/alertmanager/cmd/${name}@v0.28.1`),
  },
  "node-exporter": { release: "1.9.1", packages: ["github.com/prometheus/node_exporter@v1.9.1"] },
  jsonnet: { release: "0.20.0", packages: ["github.com/google/go-jsonnet/cmd/jsonnet@v0.20.0"] },
};

export async function fromGo(kit, cache) {
  if (!hasCommand("go")) return { reason: "go, which could build it, is not on this machine" };
  const { release, flags = [], packages } = modules[kit.name];
  try {
    await place(join(cache, `${kit.name}-${release}`), async (folder) => {
      const env = { ...process.env, GOBIN: folder, CGO_ENABLED: "0" };
      const { code, output } = await run("go", ["install", ...flags, ...packages], { env });
      if (code !== 0) throw new Error(`go install: ${lastLines(output, 4)}`);
      if (kit.name === "node-exporter") renameSync(join(folder, "node_exporter"), join(folder, "node-exporter"));
      return [`name: ${kit.name}`, `version: ${release}`, ...packages.map((name) => `from: Go module ${name}`)];
    });
  } catch (error) {
    return { reason: error.message };
  }
  return { note: `${release}, built with Go` };
}
