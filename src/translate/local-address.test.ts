import assert from "node:assert/strict";
import { test } from "node:test";
import { canonicalAddress, isRefusedAddress, refusedHost } from "./local-address.ts";
import type { UpstreamSettings } from "./settings.ts";

const NONE: UpstreamSettings = { allowLocal: [], ownAddresses: ["192.0.2.1", "2001:DB8::1"], externalName: true };
const SOME: UpstreamSettings = { ...NONE, allowLocal: [{ from: 9000, to: 9010 }] };

test("addresses of this machine are refused, in every way to write them", () => {
  const local = ["127.0.0.1", "127.255.1.2", "0.0.0.0", "0.1.2.3", "169.254.169.254", "192.0.2.1"];
  const local6 = [
    "::1",
    "0:0:0:0:0:0:0:1",
    "::",
    "fe80::1",
    "febf::1",
    "2001:db8::1",
    "2001:0db8:0:0:0:0:0:1",
    "fd00:ec2::254",
  ];
  const mapped = ["::ffff:127.0.0.1", "::ffff:7f00:1", "::FFFF:169.254.1.1", "::ffff:192.0.2.1", "::ffff:c000:0201"];
  for (const address of [...local, ...local6, ...mapped])
    assert.ok(isRefusedAddress(address, 80, NONE), `${address} is refused`);
});

test("other addresses are not", () => {
  for (const address of [
    "10.0.0.1",
    "126.255.255.255",
    "128.0.0.1",
    "169.253.0.1",
    "192.0.2.2",
    "2001:db8::2",
    "fec0::1",
  ])
    assert.ok(!isRefusedAddress(address, 80, NONE), `${address} is not refused`);
});

test("a local address is allowed on the ports that are named, both ends included", () => {
  const allowed = [8999, 9000, 9005, 9010, 9011].filter((port) => !isRefusedAddress("127.0.0.1", port, SOME));
  assert.deepEqual(allowed, [9000, 9005, 9010]);
  assert.equal(refusedHost("localhost", 9000, SOME), undefined);
  assert.equal(refusedHost("127.0.0.1", 9000, SOME), undefined);
});

test("names of this machine, and addresses where a name is expected", () => {
  const local = [
    "localhost",
    "LocalHost",
    "localhost.",
    "app.localhost",
    "localhost.localdomain",
    "ip6-localhost",
    "ip6-loopback",
  ];
  for (const host of [...local, "127.0.0.1", "192.0.2.1", "169.254.169.254"])
    assert.equal(refusedHost(host, 80, NONE)?.reason, "LocalAddressRefused", host);
  for (const host of ["notlocalhost", "localhost.example.com", "db.example.com", "203.0.113.7", "x1", "1.example"])
    assert.equal(refusedHost(host, 80, NONE), undefined, host);
});

test("what a resolver might take for an address in another form is no host, on any port", () => {
  for (const host of ["127.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1.5", "1.2.3.256", "10.0.0.1."])
    assert.equal(refusedHost(host, 9000, SOME)?.reason, "HostNotValid", host);
});

test("one way to write an address", () => {
  assert.equal(canonicalAddress("2001:0DB8:0:0::01"), "2001:db8::1");
  assert.equal(canonicalAddress("fe80::1%eth0"), "fe80::1");
  assert.equal(canonicalAddress("10.0.0.1"), "10.0.0.1");
});
