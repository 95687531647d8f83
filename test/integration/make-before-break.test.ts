import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Gateway } from "./support/gateway.ts";
import { ingress, service, slices } from "./support/manifests.ts";
import { TrafficLoad } from "./support/traffic-load.ts";
import { until } from "./support/until.ts";
import { Upstream } from "./support/upstream.ts";

const CHANGES = 60;
/** A rule without a host: the load asks for the address. */
const ANY_HOST = "";

suite("make before break, under load", () => {
  test("sixty changes of where a route leads: not one answer other than 200", async () => {
    await using blue = await Upstream.start();
    await using green = await Upstream.start();
    await using gateway = await Gateway.start();
    const route = (change: number): string => ingress("team", "app", ANY_HOST, `app-${change}`);
    gateway.apply([service("team", "app-0", [blue]), route(0)].join("---\n"));
    await gateway.open();
    await using load = new TrafficLoad(gateway.httpPort);
    for (let change = 1; change <= CHANGES; change++) {
      // A Service that did not exist before: its cluster, its endpoints and the route to it come at once, and the old one goes.
      gateway.apply([service("team", `app-${change}`, [change % 2 === 0 ? blue : green]), route(change)].join("---\n"));
      gateway.delete({ kind: "Service", namespace: "team", name: `app-${change - 1}` });
      await gateway.settled();
      await someMore(load);
    }
    const { failures } = await load.stop();
    assert.deepEqual(failures, {});
    assert.ok(blue.requests.length > CHANGES && green.requests.length > CHANGES, "both took requests");
  });

  test("an endpoint that is taken out gets no request any more, and none is lost", async () => {
    await using blue = await Upstream.start();
    await using green = await Upstream.start();
    await using gateway = await Gateway.start();
    const checked = { "binnacle.dev/health-check-path": "/healthz", "binnacle.dev/health-check-interval": "100ms" };
    gateway.apply(
      [service("team", "app", [blue, green], checked), ingress("team", "app", ANY_HOST, "app")].join("---\n"),
    );
    await gateway.open();
    await using load = new TrafficLoad(gateway.httpPort);
    await until(() => countLoad(blue) > 10 && countLoad(green) > 10, { what: "both to take requests" });
    for (let change = 0; change < 10; change++) {
      gateway.delete({ kind: "EndpointSlice", namespace: "team", name: "app-1" });
      await gateway.settled();
      // What was on its way when it was taken out is through with the next answers.
      await someMore(load);
      const before = countLoad(green);
      await someMore(load);
      assert.equal(countLoad(green), before);
      gateway.apply(slices("team", "app", [blue, green]));
      await gateway.settled();
      await until(() => countLoad(green) > before, { what: "the endpoint to take requests again" });
    }
    assert.deepEqual((await load.stop()).failures, {});
  });
});

async function someMore(load: TrafficLoad): Promise<void> {
  const { ok } = load.counts;
  await until(() => load.counts.ok >= ok + 20, { what: "more answers" });
}

function countLoad(upstream: Upstream): number {
  return upstream.requests.filter(({ path }) => path === "/load").length;
}
