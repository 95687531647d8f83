import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { XdsResource } from "./resource.ts";
import { CLUSTER_WAIT_MS, LINGER_MS } from "./send-order.ts";
import { resource, running, type StreamUnderTest } from "./stream-for-tests.ts";

const GATEWAY = "gateway/dc";
/** As the items of a gateway become: it is checked, and a listener leads to it. */
const gateway: readonly XdsResource[] = [
  { ...resource("cluster", GATEWAY), checked: true },
  resource("endpoints", GATEWAY),
  resource("listener", GATEWAY, "1", [GATEWAY]),
];
/** An upstream behind it, with a host that uses it. */
const behind = (name: string, version = "1"): readonly XdsResource[] => [
  { ...resource("cluster", name, version), listeners: [GATEWAY] },
  { ...resource("endpoints", name, version), listeners: [GATEWAY] },
  resource("virtualHost", `http/${name}.test`, version, [name]),
];

/** {@link running}, with the subscription to listeners that an Envoy has. */
function withListeners(): StreamUnderTest {
  const under = running();
  under.ask("listener");
  under.taken();
  return under;
}

suite("make before break through gateways", () => {
  test("first the gateway, then the way to it, then what goes through it, then who uses that", () => {
    const under = withListeners();
    under.snapshot.apply([...behind("b"), ...gateway]);
    const [clusters] = under.sent.splice(0);
    assert.deepEqual(
      clusters?.resources.map(({ name }) => name),
      [GATEWAY],
    );
    under.ask("endpoints", [GATEWAY]);
    assert.deepEqual(under.taken(), [`endpoints: +${GATEWAY}`]);
    // Its first checks are not through: Envoy has not acknowledged it.
    assert.deepEqual(under.news(), []);
    under.ack(clusters);
    assert.deepEqual(under.news(), [`listener: +${GATEWAY}`]);
  });

  test("what is reached directly changes to a gateway's way once that stands, cluster and endpoints together", () => {
    const under = withListeners();
    const [cluster, endpoints] = behind("a", "2");
    under.snapshot.apply([cluster!, endpoints!, ...gateway]);
    assert.deepEqual(under.taken(), [`cluster: +${GATEWAY}`]);
    under.ask("endpoints", [GATEWAY]);
    const [own] = under.sent.splice(0);
    assert.deepEqual(
      own?.resources.map(({ name }) => name),
      [GATEWAY],
    );
    under.ack(own);
    const [way] = under.sent.splice(0);
    assert.deepEqual(
      way?.resources.map(({ name }) => name),
      [GATEWAY],
    );
    assert.deepEqual(under.news(), []);
    under.ack(way);
    assert.deepEqual(under.taken(), ["cluster: +a", "endpoints: +a"]);
    assert.equal(under.timers.size, 0);
  });

  test("each step waits at most two seconds once the one before it is made, and then goes in the same order", () => {
    const under = withListeners();
    under.snapshot.apply([...behind("b"), ...gateway]);
    assert.deepEqual(under.news(), [`cluster: +${GATEWAY}`]);
    under.pass(CLUSTER_WAIT_MS - 1);
    assert.deepEqual(under.news(), []);
    under.pass(1);
    assert.deepEqual(under.news(), [`listener: +${GATEWAY}`]);
    under.pass(CLUSTER_WAIT_MS);
    assert.deepEqual(under.news(), ["cluster: +b"]);
    under.pass(CLUSTER_WAIT_MS);
    assert.deepEqual(under.news(), ["virtualHost: +http/b.test"]);
    assert.equal(under.timers.size, 0);
  });

  test("endpoints that come for the first time do not wait: their cluster has", () => {
    const under = withListeners();
    under.snapshot.apply([...behind("b"), ...gateway]);
    under.news();
    under.pass(2 * CLUSTER_WAIT_MS);
    under.news();
    under.ask("endpoints", ["b"]);
    assert.deepEqual(under.news(), ["endpoints: +b"]);
  });

  test("a client that has not asked for listeners yet is not kept waiting for them", () => {
    const under = running();
    under.snapshot.apply([...behind("b"), ...gateway]);
    assert.deepEqual(under.news(), [`cluster: +b +${GATEWAY}`]);
  });

  test("a host waits for the first checks of a cluster, that is for its acknowledgement", () => {
    const under = running();
    under.snapshot.apply([
      { ...resource("cluster", "b"), checked: true },
      resource("endpoints", "b"),
      resource("virtualHost", "http/b.test", "1", ["b"]),
    ]);
    const [cluster] = under.sent.splice(0);
    under.ask("endpoints", ["b"]);
    assert.deepEqual(under.taken(), ["endpoints: +b"]);
    under.ack(cluster!);
    assert.deepEqual(under.news(), ["virtualHost: +http/b.test"]);
  });

  test("the way to a gateway stays some seconds after nothing goes through it", () => {
    const under = withListeners();
    under.snapshot.apply([...gateway, resource("listener", "db")]);
    under.taken();
    under.ask("endpoints", [GATEWAY]);
    under.taken();
    under.snapshot.apply([], [...gateway, resource("listener", "db")]);
    assert.deepEqual(under.taken(), ["listener: -db"]);
    under.pass(LINGER_MS);
    assert.deepEqual(under.taken(), [`cluster: -${GATEWAY}`, `listener: -${GATEWAY}`]);
  });
});
