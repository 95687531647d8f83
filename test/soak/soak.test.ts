import assert from "node:assert/strict";
import { test } from "node:test";
import { LiveViewers } from "../bench/live-viewers.ts";
import { ApplianceHome } from "../integration/support/appliance-home.ts";
import { endAllGood } from "../integration/support/good-answers.ts";
import { ingress, service, together } from "../integration/support/manifests.ts";
import { SteadyLoad } from "../integration/support/steady-load.ts";
import { until } from "../integration/support/until.ts";
import { Upstream } from "../integration/support/upstream.ts";
import { Deployment } from "./support/deployments.ts";
import { INSPECTED, Inspector } from "./support/inspector.ts";
import { keptStrings } from "./support/kept-strings.ts";
import { sightWords, Watcher } from "./support/sight.ts";

/** Deployments of 40 hosts; each takes some ten seconds. */
const ROUNDS = Number(process.env["BINNACLE_SOAK_ROUNDS"] ?? 8);
/** Those in which code is compiled, pools are filled and connections made that stay. */
const WARM_UP = 4;
const MIB = 1024 * 1024;

test(`after ${ROUNDS} deployments that came and went nothing is left of them, and nothing has grown`, async (t) => {
  const stack = new AsyncDisposableStack();
  t.after(() => stack.disposeAsync());
  const upstream = stack.use(await Upstream.start());
  const home = stack.use(await ApplianceHome.create("soak"));
  const target = [{ host: "127.0.0.1", port: upstream.port }];
  await home.write(
    "manifests/steady.yaml",
    together(service("steady", "web", target), ingress("steady", "web", "steady.test", "web")),
  );
  // What is kept for a while is kept shortly here, so that it is over within the test.
  await home.configure(`sources: {directory: manifests}
traffic: {retention: 1s}
upstreams: {allowLocal: [${upstream.port}, 1]}`);
  const appliance = stack.use(await home.serve(INSPECTED));
  const inspector = stack.use(await Inspector.open(appliance.output));
  const watcher = new Watcher(home, appliance.pid, inspector);
  const api = { url: `http://127.0.0.1:${home.api}`, token: (await home.authorization()).replace("Bearer ", "") };
  await until(async () => (await home.ask("/api/v1/objects?kind=Ingress")).includes("steady"), { what: "the API" });
  const load = stack.use(new SteadyLoad({ port: home.http, host: "steady.test", pause: 5 }));

  const before = await watcher.look();
  t.diagnostic(`before: ${sightWords(before)}`);
  let warm = before;
  for (let round = 0; round < ROUNDS; round++) {
    {
      await using deployment = new Deployment(home, round, upstream.port);
      await deployment.come();
      using viewers = await LiveViewers.open(5, api);
      await deployment.beAsked();
      await deployment.change();
      for (const path of PATHS) await home.ask(path);
      await deployment.beAsked();
      assert.equal(viewers.open, 5);
    }
    upstream.requests.length = 0;
    const sight = await watcher.look();
    if (round <= WARM_UP) warm = sight;
    t.diagnostic(`${round + 1}: ${sightWords(sight)}`);
  }
  await endAllGood(load);

  for (const path of ["/clusters", "/config_dump", "/stats"])
    await until(() => watcher.envoySays(path), {
      accept: (page) => !page.includes("-gone"),
      what: `Envoy to have nothing of them in ${path}`,
      intervalMs: 500,
      timeoutMs: 120_000,
    });
  // What is asked for seldom is forgotten when it is asked for.
  await Promise.all(PATHS.map((path) => home.ask(path)));
  // What is forgotten only after a while is so by now, but for the last of all.
  const kept = async (): Promise<readonly string[]> =>
    [...keptStrings(await inspector.heapSnapshot(), /-\d+-gone/)].flatMap(([way, strings]) =>
      BOUNDED.some((bound) => bound.test(way)) ? [] : [`${strings} × ${way}`],
    );
  await until(kept, {
    accept: (ways) => ways.length === 0,
    what: "the heap to have nothing of them",
    intervalMs: 2_000,
    timeoutMs: 120_000,
  });
  const last = await watcher.look();
  t.diagnostic(`at the end: ${sightWords(last)}`);
  assert.ok(last.heap <= warm.heap + 4 * MIB, "the heap has grown");
  assert.ok(last.controlPlaneFiles <= before.controlPlaneFiles + 10, "the control plane holds more files");
  assert.ok(last.envoyFiles <= before.envoyFiles + 10, "Envoy holds more files");
  assert.ok(last.stats <= before.stats + 50, "Envoy holds more statistics");
  // Two logs of SQLite's of eight MiB each, before they are moved into their files.
  assert.ok(last.state <= before.state + 32 * MIB, "the state directory has grown");
});

/** Ways to what is kept on purpose, in a number that has a bound. */
const BOUNDED = [
  // The last changes, for watches that come back.
  /\.#changes < \.kube/,
  // Texts that rows share, the last of them.
  /\.#texts < \.#texts/,
  // Requests of routes that are no more, by namespace.
  /^(\.namespace < \.owner < \.#flows|\.#past) < \.#flows/,
  // V8's own, of names of properties.
  /^\.transitions/,
];

/** What people and programs ask the API for. */
const PATHS = [
  "/api/v1/status",
  "/api/v1/objects",
  "/api/v1/traffic/totals",
  "/api/v1/traffic/requests",
  "/api/v1/traffic/markers",
  "/api/v1/backends",
  "/api/v1/found-services",
  "/k8s/api/v1/services",
  "/k8s/apis/networking.k8s.io/v1/ingresses",
  "/metrics",
];
