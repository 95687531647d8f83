import assert from "node:assert/strict";
import { once } from "node:events";
import { suite, test } from "node:test";
import { Gateway } from "./support/gateway.ts";
import { certificateAuthority } from "./support/certificate.ts";
import { endAllGood, more } from "./support/good-answers.ts";
import { ingress, service, slices, tlsSecret, together } from "./support/manifests.ts";
import { SteadyLoad } from "./support/steady-load.ts";
import { Upstream } from "./support/upstream.ts";

const SHOP = { kind: "Ingress", namespace: "team", name: "shop" } as const;

/** A gateway with `shop.test` on Service `a`, and load on it. Every answer but 200 is a fault. */
async function underLoad(
  run: (gateway: Gateway, load: SteadyLoad, upstream: Upstream) => Promise<void>,
): Promise<void> {
  await using upstream = await Upstream.start();
  await using gateway = await Gateway.start();
  gateway.apply(together(ingress("team", "shop", "shop.test", "a"), service("team", "a", [upstream])));
  await gateway.open();
  await using load = new SteadyLoad({ port: gateway.httpPort, host: "shop.test" });
  await more(load);
  await run(gateway, load, upstream);
  await more(load);
  await endAllGood(load);
}

suite("make before break: not one answer but 200", () => {
  test("sixty route changes, each to a Service that is as new, whose predecessor goes at the same time", async () => {
    await underLoad(async (gateway, load, upstream) => {
      for (let change = 0; change < 60; change++) {
        const name = `s${change}`;
        gateway.apply(together(service("team", name, [upstream]), ingress("team", "shop", "shop.test", name)));
        const before = change === 0 ? "a" : `s${change - 1}`;
        gateway.delete({ kind: "Service", namespace: "team", name: before });
        gateway.delete({ kind: "EndpointSlice", namespace: "team", name: `${before}-0` });
        if (change % 3 === 0) await gateway.settled();
        else await more(load);
      }
      await gateway.settled();
    });
  });

  test("paths and hosts that come and go beside it", async () => {
    await underLoad(async (gateway, load) => {
      for (let change = 0; change < 30; change++) {
        gateway.apply(ingress("team", `p${change}`, "shop.test", "a", { path: `/p${change}` }));
        gateway.apply(ingress("team", `h${change}`, `h${change}.test`, "a"));
        if (change > 4) gateway.delete({ ...SHOP, name: `p${change - 5}` });
        if (change > 4) gateway.delete({ ...SHOP, name: `h${change - 5}` });
        await more(load);
      }
      await gateway.settled();
    });
  });

  test("a cluster that changes: limits, health checks and back", async () => {
    await underLoad(async (gateway, load, upstream) => {
      const wishes = [
        { "projectcontour.io/max-connections": "50" },
        { "binnacle.dev/health-check-path": "/live", "binnacle.dev/health-check-interval": "100ms" },
        { "binnacle.dev/outlier-detection": "off" },
        {},
      ];
      for (let change = 0; change < 20; change++) {
        gateway.apply(service("team", "a", [upstream], wishes[change % wishes.length]));
        await gateway.settled();
        await more(load);
      }
    });
  });

  test("endpoints that are replaced one by one, each leaving when its successor has answered", async () => {
    await using stack = new AsyncDisposableStack();
    await underLoad(async (gateway, load, first) => {
      let current = first;
      for (let change = 0; change < 8; change++) {
        const next = stack.use(await Upstream.start());
        const answered = once(next.events, "request");
        gateway.apply(slices("team", "a", [current, next]));
        await gateway.settled();
        await answered;
        gateway.delete({ kind: "EndpointSlice", namespace: "team", name: "a-1" });
        gateway.apply(slices("team", "a", [next]));
        await gateway.settled();
        await more(load);
        await current[Symbol.asyncDispose]();
        current = next;
      }
    });
  });

  test("the control plane dies and comes back: nothing is sent that Envoy has, and nothing is taken away", async () => {
    const pushed: string[] = [];
    await using upstream = await Upstream.start();
    await using gateway = await Gateway.start({
      events: { pushed: ({ type, resources, removed }) => pushed.push(`${type} +${resources} -${removed}`) },
    });
    const objects = [
      ingress("team", "shop", "shop.test", "a"),
      ingress("team", "wild", "*.shop.test", "a"),
      service("team", "a", [upstream]),
    ];
    gateway.apply(together(...objects));
    await gateway.open();
    await using load = new SteadyLoad({ port: gateway.httpPort, host: "shop.test" });
    for (let restart = 0; restart < 3; restart++) {
      await more(load);
      pushed.splice(0);
      await gateway.restartControlPlane();
      await more(load);
      gateway.apply(together(...objects));
      await gateway.open();
      await more(load);
      // The first answer for a table without hosts is the only one that carries nothing.
      assert.deepEqual(
        pushed.filter((push) => !push.endsWith("+0 -1")),
        [],
      );
      objects.push(ingress("team", `new${restart}`, `new${restart}.test`, "a"));
      gateway.apply(together(...objects));
      await gateway.settled();
      assert.equal((await gateway.get(`new${restart}.test`, "/")).status, 200);
    }
    await endAllGood(load);
  });

  test("a host that moves to TLS versions of its own and back, for connections as new as can be", async () => {
    await using upstream = await Upstream.start();
    await using gateway = await Gateway.start();
    const shop = (annotations: Record<string, string>): string =>
      ingress("team", "shop", "shop.test", "a", { secret: "cert", annotations });
    const secret = tlsSecret("team", "cert", certificateAuthority().issue(["shop.test"]));
    gateway.apply(together(shop({}), secret, service("team", "a", [upstream])));
    await gateway.open();
    const tally = new Map<number, number>();
    const some = async (): Promise<void> => {
      for (let request = 0; request < 10; request++) {
        const { status } = await gateway.getTls("shop.test", "/");
        tally.set(status, (tally.get(status) ?? 0) + 1);
      }
    };
    for (let change = 0; change < 12; change++) {
      gateway.apply(shop(change % 2 === 0 ? { "projectcontour.io/tls-minimum-protocol-version": "1.3" } : {}));
      await Promise.all([some(), some(), some()]);
    }
    assert.deepEqual([...tally.keys()], [200]);
  });

  test("an Ingress that goes to HTTPS and back keeps answering on both", async () => {
    await underLoad(async (gateway, load) => {
      for (let change = 0; change < 6; change++) {
        const annotations = { "binnacle.dev/ssl-redirect": "false" };
        gateway.apply(
          ingress("team", "shop", "shop.test", "a", change % 2 === 0 ? { annotations, secret: "missing" } : {}),
        );
        await gateway.settled();
        await more(load);
      }
    });
  });
});
