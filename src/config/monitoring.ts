import { z } from "zod";
import { count, duration, port, settingKinds, TEN_YEARS } from "./setting.ts";

function enabled() {
  const schema = z.union([z.boolean(), z.literal("auto")], {
    error: (issue) => `found ${JSON.stringify(issue.input)}, expected true, false or auto`,
  });
  settingKinds.add(schema, { takes: "true, false or auto" });
  return schema;
}

/** `monitoring`: the programs that are run beside Envoy, all on 127.0.0.1. */
export const monitoring = z
  .strictObject({
    prometheus: z
      .strictObject({
        enabled: enabled().default(true).describe("Whether Prometheus is run; auto: where it is installed."),
        port: port().default(9090).describe("Its port."),
        retention: duration(3_600_000, TEN_YEARS).prefault("15d").describe("How long samples are kept."),
        retentionMiB: count(64)
          .exactOptional()
          .describe("How much disk samples may take, in MiB; by default no bound but retention."),
        scrapeInterval: duration(1000).prefault("5s").describe("How often it collects."),
        evaluationInterval: duration(1000).prefault("5s").describe("How often it evaluates rules and alerts."),
      })
      .prefault({}),
    alertmanager: z
      .strictObject({
        enabled: enabled().default(true).describe("Whether Alertmanager is run; auto: where it is installed."),
        port: port().default(9093).describe("Its port."),
      })
      .prefault({}),
    nodeExporter: z
      .strictObject({
        enabled: enabled()
          .default("auto")
          .describe(
            "Whether the machine's own metrics are collected, by node-exporter; auto: by one that answers at the port already, " +
              "else by one of our own where it is installed.",
          ),
        port: port().default(9100).describe("Its port."),
      })
      .prefault({}),
    grafana: z
      .strictObject({
        enabled: enabled().default("auto").describe("Whether Grafana is run; auto: where it is installed."),
        port: port().default(3000).describe("Its port."),
      })
      .prefault({}),
  })
  .prefault({});
