import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { type StaticService, translateStatic } from "./translate.ts";

const http = { name: "http", port: 80, targetPort: 8080, protocol: "TCP" } as const;
const written = (
  name: string,
  addresses: readonly string[],
  ports: StaticService["ports"] = [http],
): StaticService => ({
  namespace: "team-bank",
  name,
  ports,
  addresses,
});
const anything = (): undefined => undefined;

suite("services whose addresses are written down", () => {
  test("addresses of each type are a group of their own, sorted, each once and ready", () => {
    const addresses = ["ledger.example.com", "2001:db8::1", "192.0.2.20", "192.0.2.10", "192.0.2.20"];
    const [service] = translateStatic([written("ledger", addresses)], anything).services;
    const ports = [{ name: "http", protocol: "TCP", port: 8080 }];
    const ready = (address: string) => ({ address, ready: true, serving: true, terminating: false });
    assert.deepEqual(service, {
      scope: "team-bank",
      service: "ledger",
      namespace: "team-bank",
      labels: {},
      annotations: {},
      ports: [{ name: "http", port: 80, protocol: "TCP" }],
      endpoints: [
        { addressType: "IPv4", ports, endpoints: [ready("192.0.2.10"), ready("192.0.2.20")] },
        { addressType: "IPv6", ports, endpoints: [ready("2001:db8::1")] },
        { addressType: "FQDN", ports, endpoints: [ready("ledger.example.com")] },
      ],
    });
  });

  test("the order of writing says nothing", () => {
    const services = [written("b", ["192.0.2.1"]), written("a", ["192.0.2.1"])];
    assert.deepEqual(translateStatic(services, anything), translateStatic(services.toReversed(), anything));
  });

  test("an address that is refused on one port is left out, and told once", () => {
    const ports = [http, { name: "admin", port: 81, targetPort: 8600, protocol: "TCP" } as const];
    const refuse = (host: string, port: number) =>
      host === "127.0.0.1" && port === 8600 ? { message: "means this machine", fix: "leave it out" } : undefined;
    const { services, problems } = translateStatic([written("a", ["127.0.0.1", "192.0.2.1"], ports)], refuse);
    assert.deepEqual(
      services[0]?.endpoints.map(({ endpoints }) => endpoints.map(({ address }) => address)),
      [["192.0.2.1"]],
    );
    assert.deepEqual(problems, [
      {
        severity: "error",
        path: "addresses",
        message: "service team-bank/a: 127.0.0.1 means this machine",
        fix: "leave it out",
      },
    ]);
  });
});
