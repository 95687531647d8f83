import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { service, slices, together } from "./support/manifests.ts";
import { at, proxy, RoutingBed, to } from "./support/routing-bed.ts";
import { until } from "./support/until.ts";
import type { UpstreamAnswer } from "./support/upstream.ts";

const HOST = "endpoints.test";
/** Of a slow start: seconds. In its first half a new endpoint gets as good as nothing, and sixty requests are answered. */
const WINDOW = 12;

/** @param timeoutSeconds how long the answer to a check may take; its path ends with it */
const checked = (timeoutSeconds: number): object => ({
  ...to("checked"),
  healthCheckPolicy: {
    path: `/live-${timeoutSeconds}`,
    intervalSeconds: 1,
    timeoutSeconds,
    unhealthyThresholdCount: 1,
    healthyThresholdCount: 1,
  },
});

suite("HTTPProxy and the real Envoy: which endpoints get requests", () => {
  const stack = new AsyncDisposableStack();
  let bed: RoutingBed;
  const get = (path: string): ReturnType<RoutingBed["gateway"]["get"]> => bed.gateway.get(HOST, path);

  before(async () => {
    bed = stack.use(await RoutingBed.start(["checked", "old", "new"]));
    bed.gateway.apply(
      together(
        service("team", "growing", [bed.upstream("old")]),
        proxy("endpoints", {
          virtualhost: { fqdn: HOST },
          routes: [
            at("/soon", checked(1)),
            at("/late", checked(60)),
            at("/at-once", to("growing")),
            ...["RoundRobin", "WeightedLeastRequest"].map((strategy) =>
              at(`/slowly-${strategy}`, {
                services: [
                  {
                    name: "growing",
                    port: 80,
                    // By far most of its share comes in the last fifth of the window.
                    slowStartPolicy: { window: `${WINDOW}s`, aggression: "0.1", minWeightPercent: 10 },
                  },
                ],
                loadBalancerPolicy: { strategy },
              }),
            ),
          ],
        }),
      ),
    );
    await bed.gateway.open();
  });
  after(() => stack.disposeAsync());

  test("an endpoint whose answers to checks take longer than timeoutSeconds gets nothing until they do not", async () => {
    const endpoint = bed.upstream("checked");
    const status = async (path: string): Promise<number> => (await get(path)).status;
    const isFine = { accept: (code: number) => code === 200, what: "the first checks" };
    await until(() => status("/soon"), isFine);
    await until(() => status("/late"), isFine);
    const { promise: late, resolve } = Promise.withResolvers<UpstreamAnswer>();
    endpoint.respond = ({ path }) => (path.startsWith("/live") ? late : { body: "checked" });
    const before = endpoint.requests.length;
    const checks = (path: string): number =>
      endpoint.requests.slice(before).filter((seen) => seen.path === path).length;
    await until(() => checks("/live-60"), { what: "the check that may take a minute" });
    await until(() => status("/soon"), { accept: (code) => code === 503, what: "the check that takes too long" });
    assert.equal(await status("/late"), 200);
    assert.equal(checks("/live-60"), 1, "nobody has given it up");
    resolve({ body: "late" });
    endpoint.respond = () => ({ body: "checked" });
    await until(() => status("/soon"), { ...isFine, what: "a check in time" });
  });

  test("a new endpoint gets little of its share at first where it starts slowly, and all of it later", async () => {
    // One that is as new as the others would start as they do.
    const begun = await uptime();
    await until(uptime, { accept: (now) => now > begun + WINDOW, what: "the first endpoint to be no longer new" });
    bed.gateway.apply(slices("team", "growing", [bed.upstream("old"), bed.upstream("new")]));
    await bed.gateway.settled();
    const first = {
      roundRobin: await newOnes("/slowly-RoundRobin"),
      leastRequest: await newOnes("/slowly-WeightedLeastRequest"),
      atOnce: await newOnes("/at-once"),
    };
    assert.ok(first.atOnce >= 13, JSON.stringify(first));
    assert.ok(first.roundRobin <= 6, JSON.stringify(first));
    assert.ok(first.leastRequest <= 6, JSON.stringify(first));
    for (const path of ["/slowly-RoundRobin", "/slowly-WeightedLeastRequest"])
      await until(() => newOnes(path), { accept: (count) => count >= 13, what: `half of ${path} for the new one` });
  });

  /** Seconds. */
  async function uptime(): Promise<number> {
    const { uptime_all_epochs: text } = JSON.parse(await bed.gateway.admin("/server_info")) as Record<string, string>;
    return Number.parseInt(text ?? "", 10);
  }

  /** How many of 30 requests, one after the other, the new endpoint answers. */
  async function newOnes(path: string): Promise<number> {
    let count = 0;
    for (let left = 30; left > 0; left--) if ((await get(path)).body === "new") count += 1;
    return count;
  }
});
