import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { ingress, together } from "./support/manifests.ts";
import { at, proxy, RoutingBed, to } from "./support/routing-bed.ts";
import { until } from "./support/until.ts";

function shared(name: string, share: string): string {
  const spec = {
    virtualhost: { fqdn: `${name}.test` },
    routes: [
      to("a"),
      at("/own", { directResponsePolicy: { statusCode: 200 } }),
      at("/gone", { services: [{ name: "none", port: 80 }] }),
    ],
  };
  const object = JSON.parse(proxy(name, spec)) as { metadata: object };
  return JSON.stringify({
    ...object,
    metadata: { ...object.metadata, annotations: { "binnacle.dev/access-log-share": share } },
  });
}

suite("the real Envoy: what is logged of requests singly", () => {
  const stack = new AsyncDisposableStack();
  let bed: RoutingBed;
  let asked = 0;

  /** How many lines a host's requests leave, of so many. */
  async function lines(
    host: string,
    path: string,
    count: number,
    headers: Record<string, string> = {},
  ): Promise<number> {
    const agent = `${host}-${asked++}`;
    for (let request = 0; request < count; request += 20) {
      const some = Array.from({ length: Math.min(20, count - request) }, (_, index) =>
        bed.gateway.get(host, path, { headers: { ...headers, "user-agent": `${agent}-${request + index}` } }),
      );
      await Promise.all(some);
    }
    // What comes later is there only after all of these.
    await bed.gateway.get("all.test", "/", { headers: { "user-agent": `${agent}-end` } });
    const found = await until(() => bed.gateway.requestLines(), {
      accept: (read) => read.has(`${agent}-end`),
      what: "the last line",
    });
    return [...found.keys()].filter((name) => name.startsWith(`${agent}-`)).length - 1;
  }

  before(async () => {
    bed = stack.use(await RoutingBed.start(["a"], { logRequests: true }));
    bed.gateway.apply(
      together(
        proxy("all", { virtualhost: { fqdn: "all.test" }, routes: [to("a")] }),
        shared("none", "0"),
        shared("some", "25"),
        shared("whole", "100"),
        ingress("team", "ingress", "ingress.test", "a", { annotations: { "binnacle.dev/access-log-share": "0" } }),
      ),
    );
    await bed.gateway.open();
  });
  after(() => stack.disposeAsync());

  test("all of those that say nothing, none, or some", async () => {
    assert.equal(await lines("all.test", "/", 40), 40);
    assert.equal(await lines("whole.test", "/", 40), 40);
    assert.equal(await lines("none.test", "/", 40), 0);
    assert.equal(await lines("none.test", "/own", 40), 0);
    assert.equal(await lines("ingress.test", "/", 40), 0);
    // 400 trials of a quarter: 100, give or take 6 standard deviations (8.7 each).
    const some = await lines("some.test", "/", 400);
    assert.ok(some > 48 && some < 152, `${some} of 400`);
  });

  test("every failure, and what no route takes", async () => {
    assert.equal(await lines("none.test", "/gone", 20), 20);
    assert.equal(await lines("nobody.test", "/", 20), 20);
  });

  test("a client does not choose whether it is seen", async () => {
    assert.equal(await lines("none.test", "/", 20, { "x-request-id": "" }), 0);
    const low = { "x-request-id": "00000000-0000-4000-8000-000000000000" };
    const some = await lines("some.test", "/", 200, low);
    assert.ok(some > 14 && some < 86, `${some} of 200`);
  });

  test("totals count each of them", async () => {
    const stats = await bed.gateway.admin("/stats?filter=^binnacle.requests");
    const counts = stats.split("\n").filter((line) => line.includes(" none.test/HTTPProxy/team/none/prefix /: "));
    assert.equal(
      counts.reduce((sum, line) => sum + Number(line.split(": ").at(-1)), 0),
      60,
    );
  });
});
