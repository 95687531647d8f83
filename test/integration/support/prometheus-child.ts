import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ChildSpec } from "#supervisor/child.ts";
import { requiredBinary } from "./required-binary.ts";

/** A Prometheus that scrapes nothing, as a supervised child. */
export function prometheusChild(directory: string, port: number): ChildSpec {
  const data = join(directory, "prometheus");
  mkdirSync(data, { recursive: true });
  const config = join(data, "prometheus.yml");
  writeFileSync(config, "global: {scrape_interval: 1m}\n");
  return {
    name: "prometheus",
    command: requiredBinary("BINNACLE_PROMETHEUS"),
    args: [
      `--config.file=${config}`,
      `--storage.tsdb.path=${data}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--log.level=warn",
    ],
    env: {},
    ready: `http://127.0.0.1:${port}/-/ready`,
    ports: [{ address: "127.0.0.1", port, setting: "monitoring.prometheus.port" }],
    reloadSignal: "SIGHUP",
  };
}
