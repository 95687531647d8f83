import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { listenerShape, loadBalancerShape, type Member, memberShape, poolShape } from "./shapes.ts";
import { type ProjectContent, translateLoadBalancers } from "./translate.ts";

const balancer = (overrides: object = {}) => loadBalancerShape.parse({ id: "LB-1", name: "Web: 80", ...overrides });
const listener = (port: number, overrides: object = {}) =>
  listenerShape.parse({
    id: `l${port}`,
    protocol: "HTTP",
    protocol_port: port,
    default_pool_id: "pool",
    loadbalancers: [{ id: "LB-1" }],
    ...overrides,
  });
const member = (address: string, overrides: object = {}): Member =>
  memberShape.parse({ address, protocol_port: 8080, operating_status: "ONLINE", ...overrides });

function translated(
  overrides: Partial<ProjectContent> & { readonly members?: readonly Member[]; readonly pool?: object } = {},
) {
  const { members = [member("10.0.0.1")], pool = {}, ...rest } = overrides;
  return translateLoadBalancers({
    projectId: "p1",
    namespace: "team-shop",
    loadBalancers: [balancer()],
    listeners: [listener(80)],
    pools: [{ pool: poolShape.parse({ id: "pool", protocol: "HTTP", ...pool }), members }],
    ...rest,
  });
}

const states = (overrides: Parameters<typeof translated>[0]) =>
  translated(overrides).services[0]?.endpoints.flatMap(({ endpoints, weight, priority }) =>
    endpoints.map(
      ({ address, ready, serving, terminating }) =>
        `${address} ${ready ? "ready" : serving && terminating ? "draining" : "down"} w${weight} p${priority}`,
    ),
  );

suite("load balancers as services", () => {
  test("the id in lower case, a port for each listener, the members of its default pool behind it", () => {
    const { services, problems } = translated({ members: [member("10.0.0.2"), member("10.0.0.1")] });
    assert.deepEqual(problems, []);
    const ready = (address: string) => ({ address, ready: true, serving: true, terminating: false });
    assert.deepEqual(services, [
      {
        scope: "p1",
        service: "lb-1",
        namespace: "team-shop",
        labels: {},
        annotations: {},
        ports: [{ name: "port-80", port: 80, protocol: "TCP" }],
        endpoints: [
          {
            addressType: "IPv4",
            ports: [{ name: "port-80", protocol: "TCP", port: 8080 }],
            endpoints: [ready("10.0.0.1"), ready("10.0.0.2")],
          },
        ],
        loadBalancer: { id: "LB-1", name: "Web: 80" },
      },
    ]);
  });

  test("protocols are what they are: UDP beside TCP on one number, TLS to the members, TLS that ends before them", () => {
    const ports = (listeners: ProjectContent["listeners"], pool: object = {}) =>
      translated({ listeners, pool }).services[0]?.ports.map(
        ({ name, protocol, appProtocol }) => `${name} ${protocol} ${appProtocol}`,
      );
    assert.deepEqual(ports([listener(53, { protocol: "UDP" }), listener(53, { protocol: "TCP" })]), [
      "port-53 TCP undefined",
      "port-53-udp UDP undefined",
    ]);
    assert.deepEqual(ports([listener(443, { protocol: "HTTPS" })], { protocol: "HTTPS" }), ["port-443 TCP https"]);
    assert.deepEqual(ports([listener(443, { protocol: "TERMINATED_HTTPS" })]), ["port-443 TCP undefined"]);
  });

  test("weights, back-ups and address types are groups of their own; equal weights are none", () => {
    assert.deepEqual(
      states({
        members: [
          member("10.0.0.1", { weight: 3 }),
          member("10.0.0.2"),
          member("10.0.0.3", { weight: 0 }),
          member("10.0.0.4", { backup: true }),
          member("2001:db8::1"),
        ],
      }),
      [
        "10.0.0.3 ready w0 pundefined",
        "10.0.0.2 ready w1 pundefined",
        "10.0.0.4 ready w1 p1",
        "10.0.0.1 ready w3 pundefined",
        "2001:db8::1 ready w1 pundefined",
      ],
    );
    assert.deepEqual(states({}), ["10.0.0.1 ready wundefined pundefined"]);
  });

  test("readiness: administrative state of all of them, the monitor's verdict, and an end that is under way", () => {
    for (const [overrides, state] of [
      [{ operating_status: "ERROR" }, "down"],
      [{ operating_status: "OFFLINE" }, "down"],
      [{ operating_status: "NO_MONITOR" }, "ready"],
      [{ operating_status: "DRAINING" }, "draining"],
      [{ admin_state_up: false }, "down"],
      [{ provisioning_status: "PENDING_DELETE" }, "draining"],
    ] as const)
      assert.deepEqual(states({ members: [member("10.0.0.1", overrides)] }), [
        `10.0.0.1 ${state} wundefined pundefined`,
      ]);
    const down = ["10.0.0.1 down wundefined pundefined"];
    assert.deepEqual(states({ loadBalancers: [balancer({ admin_state_up: false })] }), down);
    assert.deepEqual(states({ listeners: [listener(80, { admin_state_up: false })] }), down);
    assert.deepEqual(states({ pool: { admin_state_up: false } }), down);
  });

  test("what is not taken over is told: L7 policies, the PROXY protocol, a listener without a pool", () => {
    const words = (overrides: Parameters<typeof translated>[0]) =>
      translated(overrides).problems.map(({ message }) => message);
    assert.deepEqual(words({ listeners: [listener(80, { l7policies: [{ id: "a" }] })] }), [
      "load balancer Web: 80 (LB-1), port 80: its 1 L7 policies are not taken over",
    ]);
    assert.match(words({ pool: { protocol: "PROXY" } })[0] ?? "", /PROXY protocol/);
    assert.match(words({ listeners: [listener(80, { default_pool_id: null })] })[0] ?? "", /no default pool/);
  });

  test("the order of the answers says nothing", () => {
    const content = {
      listeners: [listener(81), listener(80)],
      members: [member("10.0.0.2", { weight: 2 }), member("10.0.0.1")],
      loadBalancers: [balancer({ id: "b" }), balancer()],
    };
    assert.deepEqual(
      translated(content),
      translated({
        listeners: content.listeners.toReversed(),
        members: content.members.toReversed(),
        loadBalancers: content.loadBalancers.toReversed(),
      }),
    );
  });
});
