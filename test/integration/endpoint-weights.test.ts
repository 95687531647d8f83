import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { answerCounts } from "./support/answer-counts.ts";
import { Gateway } from "./support/gateway.ts";
import { ingress, service, together } from "./support/manifests.ts";
import { until } from "./support/until.ts";
import { Upstream } from "./support/upstream.ts";

function slice(service: string, name: string, port: number, annotations: Readonly<Record<string, string>>): string {
  return JSON.stringify({
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: `${service}-${name}`,
      namespace: "team",
      labels: { "kubernetes.io/service-name": service },
      annotations,
    },
    addressType: "IPv4",
    ports: [{ name: "http", port }],
    endpoints: [{ addresses: ["127.0.0.1"] }],
  });
}

suite("weights and priorities of endpoints", () => {
  const stack = new AsyncDisposableStack();
  let gateway: Gateway;
  before(async () => {
    gateway = stack.use(await Gateway.start());
    await gateway.open();
  });
  after(() => stack.disposeAsync());

  /** A Service on a host of its name, with an endpoint for each of these, which answers with its number. */
  const hosted = async (
    name: string,
    loads: readonly Readonly<Record<string, string>>[],
    annotations: Readonly<Record<string, string>> = {},
  ): Promise<readonly Upstream[]> => {
    const upstreams = await Promise.all(
      loads.map(async (_, index) => stack.use(await Upstream.start({ respond: () => ({ body: String(index) }) }))),
    );
    const slices = upstreams.map(({ port }, index) => slice(name, String(index), port, loads[index] ?? {}));
    gateway.apply(
      together(ingress("team", name, `${name}.test`, name), service("team", name, [], annotations), ...slices),
    );
    await gateway.settled();
    return upstreams;
  };
  const answers = (name: string, count: number) => answerCounts(gateway, `${name}.test`, count);

  test("requests are shared out by weight; weight 0 gets none", async () => {
    await hosted("shared", [
      { "binnacle.dev/weight": "30" },
      { "binnacle.dev/weight": "10" },
      { "binnacle.dev/weight": "0" },
    ]);
    const { 0: heavy = 0, 1: light = 0, 2: none = 0 } = await answers("shared", 80);
    assert.equal(none, 0);
    assert.ok(heavy >= 55 && light >= 15, `${heavy} and ${light} of 80, expected about 60 and 20`);
  });

  test("a higher priority number is used when the lower one is down, and left again", async () => {
    const [first] = await hosted("spare", [{}, { "binnacle.dev/priority": "10" }], {
      "binnacle.dev/health-check-path": "/live",
      "binnacle.dev/health-check-interval": "50ms",
      "binnacle.dev/health-check-timeout": "30s",
      "binnacle.dev/health-check-healthy-threshold": "1",
      "binnacle.dev/health-check-unhealthy-threshold": "1",
    });
    assert.ok(first !== undefined);
    await until(() => answers("spare", 10), { accept: (found) => found["0"] === 10, what: "the first alone" });
    first.respond = () => ({ status: 503, body: "0" });
    await until(() => answers("spare", 10), { accept: (found) => found["1"] === 10, what: "the spare alone" });
    first.respond = () => ({ body: "0" });
    await until(() => answers("spare", 10), { accept: (found) => found["0"] === 10, what: "the first alone again" });
  });
});
