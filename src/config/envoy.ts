import { z } from "zod";
import { count, duration, port } from "./setting.ts";

/** `envoy`: the data plane's process. */
export const envoy = z
  .strictObject({
    concurrency: count(1, 1024).exactOptional().describe("Worker threads; by default one for each processor."),
    statsPort: port().default(8601).describe("The port on 127.0.0.1 where Prometheus scrapes Envoy."),
    drainTime: duration(0).prefault("30s").describe("How long connections have to end before Envoy stops."),
    maxConnections: count(1)
      .exactOptional()
      .describe("Downstream connections over all listeners; by default after the machine's file limit, at most 50000."),
    maxHeapMiB: count(64)
      .exactOptional()
      .describe("What Envoy's heap may grow to, in MiB; by default half of the machine's memory."),
    accessLog: z
      .strictObject({
        stdout: z
          .boolean()
          .default(false)
          .describe("Whether each request is written to standard output too; live traffic does not need it."),
        format: z.enum(["json", "text"]).default("json").describe("How a request is written."),
      })
      .prefault({}),
  })
  .prefault({});
