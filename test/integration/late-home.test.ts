import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { snapshotServerPlaces } from "#snapshot-server/places.ts";
import { ApplianceHome } from "./support/appliance-home.ts";
import { httpGet } from "./support/http-get.ts";
import { ingress, service, together } from "./support/manifests.ts";
import { TrafficLoad } from "./support/traffic-load.ts";
import { until } from "./support/until.ts";
import { Upstream } from "./support/upstream.ts";

test("the machine starts and the home cannot be read: what was acknowledged last is served, and nothing is lost when the home comes back", async () => {
  await using upstream = await Upstream.start();
  await using home = await ApplianceHome.create("late");
  const manifests = join(home.path, "manifests");
  const app = service("team", "app", [upstream]);
  await home.write("manifests/app.yaml", together(app, ingress("team", "app", "", "app")));
  await home.configure(`sources: {directory: manifests}\nupstreams: {allowLocal: [${upstream.port}]}`);
  const first = await home.serve();
  assert.equal((await httpGet({ port: home.http }, "/")).status, 200);
  assert.equal(await first.stop(), 0);

  await rename(manifests, `${manifests}.away`);
  await using second = home.start();
  await until(() => httpGet({ port: home.http }, "/"), {
    accept: ({ status }) => status === 200,
    what: "an answer without a home",
  });
  // What two other processes write comes when it comes.
  await until(() => second.output, { accept: (words) => /waiting for .*manifests/.test(words), what: "why it waits" });
  const { log } = snapshotServerPlaces(home.state);
  const logged = (words: string): Promise<string> =>
    until(() => readFileSync(log, "utf8"), { accept: (text) => text.includes(words), what: words });
  await logged("the control plane has nothing to say yet");

  await using load = new TrafficLoad(home.http);
  await until(() => load.counts.ok > 50, { what: "traffic" });
  await rename(`${manifests}.away`, manifests);
  await home.write("manifests/new.yaml", ingress("team", "new", "new.test", "app"));
  await second.ready(home.api);
  await until(() => httpGet({ port: home.http }, "/", { host: "new.test" }), {
    accept: ({ status }) => status === 200,
  });
  const { ok } = load.counts;
  await until(() => load.counts.ok > ok + 50, { what: "more answers" });
  assert.deepEqual((await load.stop()).failures, {});
  await logged("serves no longer: the control plane serves again");
});
