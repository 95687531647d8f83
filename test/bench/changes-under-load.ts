import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Upstream } from "../integration/support/upstream.ts";
import { ingressShape } from "./ingress-shape.ts";
import { Poller } from "./poller.ts";
import { atMost, type Report } from "./report.ts";
import { RunningAppliance } from "./running-appliance.ts";
import { Wrk } from "./wrk.ts";

const HOSTS = 1_000;
const CHANGES = 60;
const CONNECTIONS = 16;
const SECONDS = 10;
const POLL_MS = 5;

/**
 * One host under load is moved to a new Service again and again, by its file; the Service before goes at the same time.
 * Every answer that is not a success, and every connection that fails, is a request lost.
 */
export async function run(report: Report): Promise<void> {
  await using upstream = await Upstream.start();
  const target = { port: upstream.port, addresses: ["127.0.0.1"] };
  const files = Array.from({ length: HOSTS }, (_, index): [string, string] => [
    `app-${index}.yaml`,
    ingressShape.manifest(index, target),
  ]);
  const wrk = await Wrk.find();
  await using appliance = await RunningAppliance.start(files, upstream.port);
  using poller = new Poller(appliance.httpPort);
  await poller.untilAnswered(ingressShape.hostName(HOSTS - 1), 20);
  await poller.untilAnswered(ingressShape.hostName(0), 20);
  const file = join(appliance.manifests, "app-0.yaml");
  let [changed, requests, lost] = [0, 0, 0];
  while (changed < CHANGES) {
    const load = { done: false };
    const loaded = wrk
      .run({ port: appliance.httpPort, host: ingressShape.hostName(0), seconds: SECONDS, connections: CONNECTIONS })
      .finally(() => (load.done = true));
    while (changed < CHANGES && !load.done) {
      // With each comes a host that is new, so that it is seen when the change is with Envoy.
      const moved = ingressShape.manifest(0, target).replaceAll("name: app-0", `name: to-${changed}`);
      const witness = HOSTS + changed;
      await writeFile(`${file}.new`, `${moved}---\n${ingressShape.manifest(witness, target)}`);
      await rename(`${file}.new`, file);
      await poller.untilAnswered(ingressShape.hostName(witness), POLL_MS);
      changed++;
    }
    const result = await loaded;
    requests += result.requests;
    lost += result.lost;
  }
  report({
    name: `requests during ${CHANGES} changes of their route, ${HOSTS} hosts`,
    value: requests,
    unit: "requests",
  });
  report(atMost("answers other than 200, and failed connections", lost, "requests", 0));
}
