import assert from "node:assert/strict";
import { test } from "node:test";
import type { SnapshotMessage } from "#traffic/messages.ts";
import { ApplianceHome } from "./support/appliance-home.ts";
import { httpGet } from "./support/http-get.ts";
import { ingress, service, together } from "./support/manifests.ts";
import { until } from "./support/until.ts";
import { Upstream } from "./support/upstream.ts";

test("Envoy lets go what it counted of a route that nobody asks for; its requests stay in the totals, and new ones count", async (t) => {
  const stack = new AsyncDisposableStack();
  t.after(() => stack.disposeAsync());
  const upstream = stack.use(await Upstream.start());
  const home = stack.use(await ApplianceHome.create("idle"));
  const target = [{ host: "127.0.0.1", port: upstream.port }];
  for (const team of ["busy", "idle"])
    await home.write(
      `manifests/${team}.yaml`,
      together(service(team, "web", target), ingress(team, "web", `${team}.test`, "web")),
    );
  // The shortest time there is, on which depends how soon idle statistics go.
  await home.configure(
    `sources: {directory: manifests}\ntraffic: {retention: 1s}\nupstreams: {allowLocal: [${upstream.port}]}`,
  );
  stack.use(await home.serve());
  let asked = 0;
  const ask = async (host: string): Promise<void> => {
    assert.equal((await httpGet({ port: home.http }, "/", { host })).status, 200);
    asked++;
  };
  const totals = async (filter = "") =>
    JSON.parse(await home.ask(`/api/v1/traffic/totals${filter}`)) as Pick<SnapshotMessage, "totals" | "routes">;
  // Asked no oftener than a user may.
  const patience = { intervalMs: 1_000, timeoutMs: 90_000 };
  const count = (filter: string, requests: () => number) =>
    until(async () => (await totals(filter)).totals.counts.requests, {
      accept: (found) => found === requests(),
      what: `the requests of ${filter}`,
      ...patience,
    });
  const scraped = async () => (await httpGet({ port: home.stats }, "/stats/prometheus", {})).body;

  await until(async () => (await httpGet({ port: home.http }, "/", { host: "idle.test" })).status, {
    accept: (status) => status === 200,
    what: "the route",
  });
  asked++;
  await ask("idle.test");
  await count("", () => asked);
  assert.match(await scraped(), /binnacle_requests.*idle/);
  // The other route is asked for all the time, and goes on counting.
  const busily = async <T>(look: () => Promise<T>) => {
    await ask("busy.test");
    return look();
  };
  await until(() => busily(scraped), {
    accept: (page) => !page.includes('"idle"'),
    what: "Envoy to let go",
    ...patience,
  });
  assert.match(await scraped(), /binnacle_requests.*busy/);
  await until(() => busily(async () => (await totals()).routes.map(({ host }) => host)), {
    accept: (hosts) => hosts.join() === "busy.test",
    what: "the route to leave the tables",
    ...patience,
  });
  await count("", () => asked);
  await count("?namespace=idle", () => 2);
  await ask("idle.test");
  await count("", () => asked);
  await count("?namespace=idle", () => 3);
});
