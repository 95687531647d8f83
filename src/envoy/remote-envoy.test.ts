import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { remoteEnvoyFiles, remoteEnvoyScript, type RemoteEnvoySettings } from "./remote-envoy.ts";

const SETTINGS: RemoteEnvoySettings = {
  id: "edge-1",
  host: "control.example",
  port: 18000,
  accessLogPort: 18001,
  serverName: "control.example",
  directory: "/etc/envoy-binnacle",
  runtimeDirectory: "/run/envoy-binnacle",
  statsPort: 8601,
  limits: { maxHeapBytes: 1024 ** 3, maxConnections: 50_000 },
};

test("the script writes the files, for its user alone, whatever stands in names and paths", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "binnacle-remote-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const settings = {
    ...SETTINGS,
    id: "edge\ntouch spoiled\nEND_OF_FILE\ntouch spoiled\n$(touch spoiled)",
    directory: join(folder, "it's a\ntouch spoiled\n`touch spoiled`"),
    runtimeDirectory: join(folder, "$(touch spoiled)"),
  };
  execFileSync("sh", ["-s"], { input: remoteEnvoyScript(settings), cwd: folder });
  assert.equal(existsSync(join(folder, "spoiled")), false);
  const { contents } = remoteEnvoyFiles(settings);
  assert.equal(Object.keys(contents).length, 3);
  for (const [path, content] of Object.entries(contents)) {
    assert.deepEqual(JSON.parse(readFileSync(path, "utf8")), content);
    assert.equal(statSync(path).mode & 0o777, 0o600);
  }
});

test("it says where certificates go and how Envoy is started", () => {
  const script = remoteEnvoyScript(SETTINGS);
  for (const words of [
    "/etc/envoy-binnacle/client/certificate.pem",
    "/etc/envoy-binnacle/client/key.pem",
    "/etc/envoy-binnacle/ca/ca.pem",
    "envoy --config-path '/etc/envoy-binnacle/envoy.json'",
  ]) {
    assert.ok(script.includes(words), words);
  }
  assert.equal(remoteEnvoyScript(SETTINGS), script);
});
