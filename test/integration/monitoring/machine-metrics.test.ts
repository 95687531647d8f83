import assert from "node:assert/strict";
import { join } from "node:path";
import { suite, test } from "node:test";
import { z } from "zod";
import { runningEnvoys } from "#envoy/running-envoys.ts";
import { nodeExporterService } from "#monitoring/services.ts";
import { stopSnapshotServer } from "#snapshot-server/stop-snapshot-server.ts";
import { endProcess } from "#supervisor/process-identity.ts";
import { ApplianceHome } from "../support/appliance-home.ts";
import { freePorts } from "../support/free-port.ts";
import { requiredBinary } from "../support/required-binary.ts";
import { until } from "../support/until.ts";
import { RunningService } from "./running-service.ts";

const answerSchema = z.object({
  data: z.object({ result: z.array(z.object({ value: z.tuple([z.number(), z.string()]) })) }),
});
/** The metrics page of an appliance whose own node-exporter runs. */
const OWN_RUNS = /^binnacle_child_running\{child="node-exporter"\} 1$/m;
const ORPHAN_ENDED = /node-exporter +ended the process that an earlier run left behind/;

suite("the machine's own metrics, where nothing is said about them", () => {
  test("come from the node-exporter that runs already, else from one of our own, also after a crash", async () => {
    const [prometheus = 0, port = 0] = await freePorts(2);
    await using home = await ApplianceHome.create("machine");
    await using _rest = {
      [Symbol.asyncDispose]: async () => {
        for (const { identity } of runningEnvoys(join(home.state, "envoy"))) await endProcess(identity, 1000);
        await stopSnapshotServer(home.state);
      },
    };
    await home.configure(
      "",
      undefined,
      `prometheus: {port: ${prometheus}, scrapeInterval: 1s}
  alertmanager: {enabled: false}
  nodeExporter: {port: ${port}}
  grafana: {enabled: false}`,
    );
    const scraped = () =>
      until(
        async () => {
          const asked = new URLSearchParams({ query: 'up{job="node"} and on (instance) node_memory_MemTotal_bytes' });
          const answer = await home.ask(`/prometheus/api/v1/query?${asked.toString()}`);
          return answerSchema.parse(JSON.parse(answer)).data.result.map(({ value }) => value[1]);
        },
        { what: "the machine's metrics in Prometheus", accept: ([up]) => up === "1", timeoutMs: 60_000 },
      );

    {
      const directory = join(home.path, "theirs");
      const command = requiredBinary("BINNACLE_NODE_EXPORTER");
      await using _theirs = await RunningService.start(
        nodeExporterService({ command, directory, port, udev: undefined }),
      );
      await using _appliance = await home.serve();
      await scraped();
      assert.doesNotMatch(await home.metrics(), /node-exporter/);
    }

    const ownRuns = () =>
      until(() => home.metrics(), { what: "our own node-exporter", accept: (page) => OWN_RUNS.test(page) });
    const killed = await home.serve();
    await ownRuns();
    await killed.kill();
    await using next = await home.serve();
    await ownRuns();
    assert.match(next.output, ORPHAN_ENDED);
    await scraped();
  });
});
