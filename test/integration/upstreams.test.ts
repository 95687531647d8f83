import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { answerCounts } from "./support/answer-counts.ts";
import { freePort } from "./support/free-port.ts";
import { Gateway } from "./support/gateway.ts";
import { ingress, service, slices, together } from "./support/manifests.ts";
import { until } from "./support/until.ts";
import { Upstream } from "./support/upstream.ts";

const HEALTH = {
  "binnacle.dev/health-check-path": "/live",
  "binnacle.dev/health-check-interval": "50ms",
  "binnacle.dev/health-check-timeout": "30s",
  "binnacle.dev/health-check-healthy-threshold": "1",
  "binnacle.dev/health-check-unhealthy-threshold": "1",
};

/** One slice with conditions and zones of its own. */
function slice(name: string, port: number, endpoints: readonly object[]): string {
  return JSON.stringify({
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: `${name}-s${port}`, namespace: "team", labels: { "kubernetes.io/service-name": name } },
    addressType: "IPv4",
    ports: [{ name: "http", port }],
    endpoints,
  });
}

suite("upstreams", () => {
  const stack = new AsyncDisposableStack();
  let gateway: Gateway;
  before(async () => {
    gateway = stack.use(await Gateway.start());
    await gateway.open();
  });
  after(() => stack.disposeAsync());

  /** A Service with a host of the same name, and `count` endpoints that answer with their number. */
  const hosted = async (
    name: string,
    count: number,
    annotations: Record<string, string> = {},
  ): Promise<readonly Upstream[]> => {
    const upstreams: Upstream[] = [];
    for (let index = 0; index < count; index++)
      upstreams.push(stack.use(await Upstream.start({ respond: () => ({ body: String(index) }) })));
    gateway.apply(together(ingress("team", name, `${name}.test`, name), service("team", name, upstreams, annotations)));
    await gateway.settled();
    return upstreams;
  };
  const answers = (name: string, count: number) => answerCounts(gateway, `${name}.test`, count);

  test("requests go round all endpoints, whatever their zones", async () => {
    const upstreams = await hosted("round", 4);
    gateway.apply(
      together(
        ...upstreams.map(({ port }, index) =>
          slice("round", port, [{ addresses: ["127.0.0.1"], zone: index === 0 ? "a" : "b" }]),
        ),
      ),
    );
    for (let index = 0; index < 4; index++)
      gateway.delete({ kind: "EndpointSlice", namespace: "team", name: `round-${index}` });
    await gateway.settled();
    const found = await answers("round", 80);
    assert.deepEqual(Object.keys(found).sort(), ["0", "1", "2", "3"]);
    for (const [endpoint, count] of Object.entries(found))
      assert.ok(count >= 10 && count <= 30, `${endpoint} had ${count} of 80`);
  });

  test("a dead endpoint costs no answer: the request goes to another one", async () => {
    const [alive] = await hosted("dead", 1);
    assert.ok(alive !== undefined);
    gateway.apply(slices("team", "dead", [alive, { host: "127.0.0.1", port: await freePort() }]));
    await gateway.settled();
    assert.deepEqual(await answers("dead", 40), { "0": 40 });
  });

  test("an endpoint that answers gateway errors is taken out for a while, one that answers 500 is not", async () => {
    const [good, bad] = await hosted("outlier", 2);
    assert.ok(good !== undefined && bad !== undefined);
    bad.respond = () => ({ status: 500, body: "1" });
    const { "0": fine = 0, "500 1": failed = 0 } = await answers("outlier", 40);
    assert.deepEqual([fine, failed], [20, 20]);
    bad.respond = () => ({ status: 502, body: "1" });
    await until(async () => (await answers("outlier", 10))["0"], {
      accept: (count) => count === 10,
      what: "the bad endpoint to be ejected",
    });
  });

  test("the only endpoint is never taken out: nothing would be left", async () => {
    const [only] = await hosted("only", 1);
    assert.ok(only !== undefined);
    only.respond = () => ({ status: 502, body: "0" });
    assert.deepEqual(await answers("only", 30), { "502 0": 30 });
    only.respond = () => "close";
    const { "503": cut = 0, ...rest } = await answers("only", 20).then((found) =>
      Object.fromEntries(Object.entries(found).map(([key, count]) => [key.slice(0, 3), count])),
    );
    assert.deepEqual([cut, rest], [20, {}]);
    only.respond = () => ({ body: "0" });
    assert.deepEqual(await answers("only", 10), { "0": 10 });
  });

  test("with outlier detection off it is never taken out", async () => {
    const [, bad] = await hosted("kept", 2, { "binnacle.dev/outlier-detection": "off" });
    assert.ok(bad !== undefined);
    bad.respond = () => ({ status: 502, body: "1" });
    assert.equal((await answers("kept", 60))["502 1"], 30);
  });

  test("health checks: an endpoint that fails them gets nothing until it passes; when all fail the answer is 503", async () => {
    const [first, second] = await hosted("health", 2, HEALTH);
    assert.ok(first !== undefined && second !== undefined);
    await until(() => answers("health", 10), { accept: (found) => Object.keys(found).length === 2 });
    second.respond = () => ({ status: 503, body: "1" });
    await until(() => answers("health", 10), {
      accept: (found) => found["0"] === 10,
      what: "the second one to be left out",
    });
    first.respond = () => ({ status: 503, body: "0" });
    await until(() => answers("health", 4), {
      accept: (found) => found["503 no healthy upstream"] === 4,
      what: "both to be left out",
    });
    first.respond = () => ({ body: "0" });
    await until(() => answers("health", 10), {
      accept: (found) => found["0"] === 10,
      what: "the first one to be back",
    });
    assert.ok(first.requests.some(({ path, headers }) => path === "/live" && headers.host === "binnacle-health-check"));
  });

  test("an endpoint that is removed gets no request more, however healthy it is", async () => {
    const [stays, goes] = await hosted("removed", 2, HEALTH);
    assert.ok(stays !== undefined && goes !== undefined);
    await until(() => answers("removed", 10), { accept: (found) => Object.keys(found).length === 2 });
    gateway.apply(slices("team", "removed", [stays]));
    gateway.delete({ kind: "EndpointSlice", namespace: "team", name: "removed-1" });
    await gateway.settled();
    assert.deepEqual(await answers("removed", 20), { "0": 20 });
  });

  test("an endpoint that drains gets nothing while another stands, and everything when none does", async () => {
    const [first, second] = await hosted("drain", 2);
    assert.ok(first !== undefined && second !== undefined);
    const draining = { addresses: ["127.0.0.1"], conditions: { ready: false, serving: true, terminating: true } };
    gateway.delete({ kind: "EndpointSlice", namespace: "team", name: "drain-0" });
    gateway.delete({ kind: "EndpointSlice", namespace: "team", name: "drain-1" });
    gateway.apply(
      together(slice("drain", first.port, [{ addresses: ["127.0.0.1"] }]), slice("drain", second.port, [draining])),
    );
    await gateway.settled();
    assert.deepEqual(await answers("drain", 10), { "0": 10 });
    gateway.apply(slice("drain", first.port, [draining]));
    await gateway.settled();
    assert.deepEqual(Object.keys(await answers("drain", 10)).sort(), ["0", "1"]);
    gateway.apply(together(slice("drain", first.port, []), slice("drain", second.port, [])));
    await gateway.settled();
    assert.deepEqual(await answers("drain", 2), { "503 no healthy upstream": 2 });
  });

  test("a Service that is swapped for another answers with the other one from the first answer on", async () => {
    await hosted("before", 1);
    const other = stack.use(await Upstream.start({ respond: () => ({ body: "other" }) }));
    gateway.apply(together(service("team", "after", [other]), ingress("team", "before", "before.test", "after")));
    gateway.delete({ kind: "Service", namespace: "team", name: "before" });
    await gateway.settled();
    assert.deepEqual(await answers("before", 5), { other: 5 });
  });

  test("a limit of requests answers 503 beyond it", async () => {
    const [only] = await hosted("limit", 1, {
      "projectcontour.io/max-requests": "1",
      "projectcontour.io/max-pending-requests": "1",
    });
    assert.ok(only !== undefined);
    const { promise, resolve } = Promise.withResolvers<void>();
    only.respond = async () => {
      await promise;
      return { body: "0" };
    };
    const first = gateway.get("limit.test", "/");
    await until(() => only.requests.length === 1, { what: "the first request" });
    const second = await gateway.get("limit.test", "/");
    assert.equal(second.status, 503);
    assert.equal(second.headers["x-envoy-overloaded"], undefined);
    resolve();
    assert.equal((await first).status, 200);
  });

  test("an ExternalName is looked up in DNS, and a name that does not exist answers 503", async () => {
    const upstream = stack.use(await Upstream.start({ respond: ({ headers }) => ({ body: String(headers.host) }) }));
    const external = (name: string, externalName: string): string =>
      JSON.stringify({
        apiVersion: "v1",
        kind: "Service",
        metadata: { name, namespace: "team" },
        spec: { type: "ExternalName", externalName, ports: [{ port: upstream.port, name: "http" }] },
      });
    const routed = (name: string): string =>
      JSON.stringify({
        apiVersion: "networking.k8s.io/v1",
        kind: "Ingress",
        metadata: { name, namespace: "team" },
        spec: {
          rules: [
            {
              host: `${name}.test`,
              http: {
                paths: [{ path: "/", pathType: "Prefix", backend: { service: { name, port: { name: "http" } } } }],
              },
            },
          ],
        },
      });
    // localhost stands for any name that resolves here; its port is allowed by the gateway's settings.
    gateway.apply(together(external("external", "localhost"), routed("external")));
    gateway.apply(together(external("nowhere", "no-such-host.invalid"), routed("nowhere")));
    await gateway.settled();
    const answer = await until(() => gateway.get("external.test", "/"), { accept: ({ status }) => status === 200 });
    assert.equal(answer.body, "external.test");
    assert.equal((await gateway.get("nowhere.test", "/")).status, 503);
  });
});
