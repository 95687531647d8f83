import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultConfig } from "#config/load-config.ts";
import { silentLogger } from "#lib/log.ts";
import type { GatewaySettings } from "#translate/gateway-settings.ts";
import { certificateAuthority } from "../../test/integration/support/certificate.ts";
import { readGateway, startGateways } from "./gateways.ts";

const authority = certificateAuthority();
const ours = authority.issue(["appliance.example"]);
const other = authority.issue(["other.example"]);
const texts: Readonly<Record<string, string>> = {
  ca: authority.cert,
  cert: ours.cert,
  key: ours.key,
  wrong: other.key,
  empty: "",
};
const read = (name: string): string => texts[name] ?? "";

test("an address is taken apart, and certificates are read", () => {
  const plain = { address: "[2001:db8::1]:3128", protocol: "http1" } as const;
  assert.deepEqual(readGateway(plain, read), { host: "2001:db8::1", port: 3128, protocol: "http1" });
  const tls = { caFile: "ca", certificateFile: "cert", keyFile: "key" };
  assert.deepEqual(readGateway({ address: "gw.example:8443", protocol: "http2", tls }, read).tls, {
    authorities: authority.cert,
    serverName: "gw.example",
    client: { chain: ours.cert, privateKey: ours.key },
  });
  const named = { caFile: "ca", serverName: "other.example" };
  const settings = readGateway({ address: "192.0.2.1:1", protocol: "http2", tls: named }, read);
  assert.deepEqual(settings.tls, { authorities: authority.cert, serverName: "other.example" });
});

test("another address, protocol or TLS at all is another version with a socket of its own; other certificates are not", async () => {
  await using parts = new AsyncDisposableStack();
  const given: (GatewaySettings | undefined)[] = [];
  const gateways = await startGateways(
    { ...defaultConfig(), backends: [] },
    { setGateway: (_backend, gateway) => given.push(gateway) },
    { socket: (name) => `/run/${name}` },
    silentLogger,
    parts,
  );
  const plain = { address: "192.0.2.1:3128", protocol: "http1" } as const;
  const tls = { caFile: "ca", serverName: "gw.example" };
  gateways.set("east", plain, read);
  gateways.set("east", plain, read);
  gateways.set("west", plain, read);
  gateways.set("east", { ...plain, address: "192.0.2.1:3129" }, read);
  gateways.set("east", { ...plain, protocol: "http2" }, read);
  gateways.set("east", { ...plain, tls }, read);
  gateways.set("east", { ...plain, tls: { ...tls, certificateFile: "cert", keyFile: "key" } }, read);
  const [first, again, west, port, protocol, secure, renewed] = given;
  assert.deepEqual(first, again);
  assert.equal(first?.version, west?.version);
  assert.equal(secure?.version, renewed?.version);
  assert.equal(new Set([first, port, protocol, secure].map((one) => one?.version)).size, 4);
  assert.equal(new Set([first, west, port, protocol, secure].map((one) => one?.socket)).size, 5);
});

test("what cannot be used is refused before Envoy gets it, without a word of a key", () => {
  for (const [tls, expected] of [
    [{ caFile: "empty" }, /empty holds no certificate/],
    [{ caFile: "ca", certificateFile: "cert", keyFile: "wrong" }, /cert and wrong are no certificate with its key/],
    [{ caFile: "ca", certificateFile: "cert", keyFile: "empty" }, /no certificate with its key/],
  ] as const) {
    assert.throws(
      () => readGateway({ address: "gw.example:1", protocol: "http2", tls }, read),
      (error: Error) => expected.test(error.message) && !/PRIVATE|MII/.test(error.message),
    );
  }
});
