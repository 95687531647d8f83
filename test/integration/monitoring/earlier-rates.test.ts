import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { EARLIER_QUERY } from "../../../src/console/words/earlier.ts";
import { requiredBinary } from "../support/required-binary.ts";
import { temporaryDirectory } from "../support/temp-dir.ts";

const run = promisify(execFile);

test("what the console asks of an hour and a day ago is answered with one figure each", async () => {
  await using folder = await temporaryDirectory("earlier");
  // One sample a minute, each the minute's number: what is found says when it was.
  const values = "0+1x2000";
  const tests = [
    {
      interval: "1m",
      input_series: [
        { series: 'listener:requests:rate2m{listener="http"}', values },
        { series: 'listener:requests:rate2m{listener="https"}', values },
        { series: 'route:request_errors:rate2m{namespace="a", route_kind="Ingress", route_name="a"}', values },
      ],
      promql_expr_test: [
        {
          expr: EARLIER_QUERY,
          eval_time: "1500m",
          exp_samples: [
            { labels: '{figure="requests 1h"}', value: 2 * 1440 },
            { labels: '{figure="errors 1h"}', value: 1440 },
            { labels: '{figure="requests 1d"}', value: 2 * 60 },
            { labels: '{figure="errors 1d"}', value: 60 },
          ],
        },
        { expr: EARLIER_QUERY, eval_time: "30m", exp_samples: [] },
      ],
    },
  ];
  const file = join(folder.path, "test.json");
  await writeFile(file, JSON.stringify({ rule_files: [], evaluation_interval: "1m", tests }));
  await run(requiredBinary("BINNACLE_PROMTOOL"), ["test", "rules", file]);
});
