import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { type DnsService, type FoundHost, translateLookup } from "./translate.ts";

const http = { name: "http", port: 80, targetPort: 8080, protocol: "TCP" } as const;
const byHosts: DnsService = { namespace: "shop", name: "cart", ports: [http], names: { hosts: ["a.test", "b.test"] } };
const bySrv: DnsService = { namespace: "shop", name: "cart", ports: [http], names: { srv: "_http._tcp.test" } };
const anything = (): undefined => undefined;
const host = (name: string, addresses: readonly string[], srv?: readonly [number, number, number]): FoundHost => ({
  host: name,
  addresses,
  exists: addresses.length > 0,
  ...(srv === undefined ? {} : { srv: { port: srv[0], priority: srv[1], weight: srv[2] } }),
});
const groups = (service: DnsService, found: readonly FoundHost[]) =>
  translateLookup(service, { found, ttl: 1 }, anything).service.endpoints.map(
    ({ addressType, ports, endpoints, weight, priority }) =>
      `${addressType} ${endpoints.map(({ address }) => address).join("+")} :${ports.map(({ port }) => port).join()} w${weight} p${priority}`,
  );

suite("what DNS says, as a service", () => {
  test("all addresses of all hosts, each once, by type, with the service's own ports", () => {
    assert.deepEqual(
      groups(byHosts, [host("a.test", ["10.0.0.2", "2001:db8::1"]), host("b.test", ["10.0.0.1", "10.0.0.2"])]),
      ["IPv4 10.0.0.1+10.0.0.2 :8080 wundefined pundefined", "IPv6 2001:db8::1 :8080 wundefined pundefined"],
    );
  });

  test("SRV: ports, weights and priorities of the records; weight 0 beside others is a very small one", () => {
    assert.deepEqual(
      groups(bySrv, [
        host("a.test", ["10.0.0.1"], [8001, 0, 3]),
        host("b.test", ["10.0.0.2"], [8001, 0, 3]),
        host("c.test", ["10.0.0.3"], [8002, 0, 0]),
        host("d.test", ["10.0.0.4"], [8001, 20, 1]),
      ]),
      [
        "IPv4 10.0.0.1+10.0.0.2 :8001 w30 pundefined",
        "IPv4 10.0.0.3 :8002 w1 pundefined",
        "IPv4 10.0.0.4 :8001 w10 p20",
      ],
    );
    assert.deepEqual(groups(bySrv, [host("a.test", ["10.0.0.1"], [8001, 0, 0])]), [
      "IPv4 10.0.0.1 :8001 wundefined pundefined",
    ]);
  });

  test("SRV: a record with the port 0 is told and left out, and takes no other with it", () => {
    const found = [host("a.test", ["10.0.0.1"], [0, 0, 1]), host("b.test", ["10.0.0.2"], [8001, 0, 1])];
    assert.deepEqual(groups(bySrv, found), ["IPv4 10.0.0.2 :8001 w10 pundefined"]);
    const { problems } = translateLookup(bySrv, { found, ttl: 1 }, anything);
    assert.deepEqual(
      problems.map(({ severity, message }) => `${severity} ${message}`),
      ["warning service shop/cart: the SRV record of a.test has the port 0, on which nothing can be reached"],
    );
  });

  test("the order of the answers says nothing", () => {
    const found = [host("b.test", ["10.0.0.9"], [8001, 0, 1]), host("a.test", ["10.0.0.1"], [8001, 0, 1])];
    assert.deepEqual(groups(bySrv, found), groups(bySrv, found.toReversed()));
  });

  test("names without addresses and addresses that are refused are told, by name", () => {
    const refuse = (address: string, port: number) =>
      address === "127.0.0.1" && port === 8080 ? { message: "means this machine", fix: "leave it" } : undefined;
    const found = [
      host("a.test", ["127.0.0.1", "10.0.0.1"]),
      host("b.test", []),
      { ...host("c.test", []), exists: true },
    ];
    const { service, problems } = translateLookup(byHosts, { found, ttl: 1 }, refuse);
    assert.deepEqual(
      service.endpoints.flatMap(({ endpoints }) => endpoints.map(({ address }) => address)),
      ["10.0.0.1"],
    );
    assert.deepEqual(
      problems.map(({ severity, message }) => `${severity}: ${message}`),
      [
        "error: service shop/cart: a.test has the address 127.0.0.1, which means this machine",
        "warning: service shop/cart: there is no name b.test",
        "warning: service shop/cart: c.test has no addresses",
      ],
    );
    assert.match(translateLookup(bySrv, { found: [], ttl: 1 }, refuse).problems[0]?.message ?? "", /no SRV record/);
  });
});
