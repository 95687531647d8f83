import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { test } from "node:test";
import { load as parse } from "js-yaml";
import { AnswerShares } from "./support/answer-shares.ts";
import { Gateway } from "./support/gateway.ts";
import { service, together } from "./support/manifests.ts";
import { Upstream } from "./support/upstream.ts";
import { takeStep, withWeights } from "./support/weight-step.ts";

const HOST = "shop.example.com";
const EXAMPLE = resolve(import.meta.dirname, "../../examples/canary/shop.yaml");
const PAGE = resolve(import.meta.dirname, "../../docs/canary.md");

test("the page of the canary shows the routes of its example", async () => {
  const [, shown = ""] = /^```yaml\n(.*?)^```$/ms.exec(await readFile(PAGE, "utf8")) ?? [];
  const { spec } = parse(await readFile(EXAMPLE, "utf8")) as { spec: { routes: unknown } };
  assert.deepEqual(parse(shown), { routes: spec.routes });
});

test(
  "the canary of the documentation: from 0 to 100 percent and back, each step as said, and no request is lost",
  { timeout: 600_000 },
  async (t) => {
    await using stack = new AsyncDisposableStack();
    const [stable, canary] = await Promise.all(
      ["stable", "canary"].map(async (body) => stack.use(await Upstream.start({ respond: () => ({ body }) }))),
    );
    assert.ok(stable !== undefined && canary !== undefined);
    const gateway = stack.use(await Gateway.start());
    const example = await readFile(EXAMPLE, "utf8");
    const services = [service("team-shop", "shop-stable", [stable]), service("team-shop", "shop-canary", [canary])];
    gateway.apply(together(example, ...services));
    await gateway.open();

    const load = stack.use(new AnswerShares({ port: gateway.httpPort, host: HOST }));
    const weigh = (percent: number): void => {
      gateway.apply(withWeights(example, [100 - percent, percent]));
      gateway.controlPlane.translateNow();
    };
    const testers = () => gateway.get(HOST, "/", { headers: { "x-canary": "yes" } });
    assert.equal((await testers()).body, "canary", "testers reach it before anybody else does");
    for (const percent of [0, 5, 25, 50, 100, 0]) {
      const { milliseconds } = await takeStep(load, { stable: 100 - percent, canary: percent }, () => weigh(percent));
      t.diagnostic(`${percent} percent: seen in the answers after ${milliseconds.toFixed(0)} ms`);
      assert.equal((await testers()).body, "canary");
    }
    await load[Symbol.asyncDispose]();
    assert.deepEqual(load.lost, [], `of ${load.requests} requests`);
  },
);
