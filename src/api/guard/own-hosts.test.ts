import assert from "node:assert/strict";
import { test } from "node:test";
import { OwnHosts } from "./own-hosts.ts";

const plain = new OwnHosts({
  secure: false,
  port: 8600,
  address: "127.0.0.1",
  extra: ["console.example.com", "Proxy.example.com:8443"],
});
const tls = new OwnHosts({ secure: true, port: 443, address: "2001:db8::7", extra: [] });

for (const host of [
  "127.0.0.1:8600",
  "[::1]:8600",
  "localhost:8600",
  "LOCALHOST:8600",
  "binnacle.localhost:8600",
  "console.example.com",
  "console.example.com:8600",
  "proxy.example.com:8443",
]) {
  test(`Host ${host} is ours`, () => assert.equal(plain.isOwnHost(host), true));
}

for (const host of [
  undefined,
  "",
  "127.0.0.1",
  "127.0.0.1:8601",
  "localhost",
  "evil.example",
  "evil.example:8600",
  "localhost.evil.example:8600",
  "shop.localhost:8600",
  "127.0.0.1.evil.example:8600",
  "proxy.example.com",
  "proxy.example.com:8600",
  "user@127.0.0.1:8600",
]) {
  test(`Host ${host} is not ours`, () => assert.equal(plain.isOwnHost(host), false));
}

for (const origin of [
  "http://127.0.0.1:8600",
  "http://localhost:8600",
  "http://[::1]:8600",
  "https://console.example.com",
  "https://proxy.example.com:8443",
]) {
  test(`Origin ${origin} is ours`, () => assert.equal(plain.isOwnOrigin(origin), true));
}

for (const origin of [
  "null",
  "",
  "http://evil.example",
  "http://localhost:8080",
  "https://localhost:8600",
  "http://localhost:8600.evil.example",
  "http://localhost:8600/",
  "file://",
  "chrome-extension://abc",
]) {
  test(`Origin ${JSON.stringify(origin)} is not ours`, () => assert.equal(plain.isOwnOrigin(origin), false));
}

test("with TLS on the same port its pages are ours too, under both schemes", () => {
  const both = new OwnHosts({ secure: false, alsoTls: true, port: 8600, address: "127.0.0.1", extra: [] });
  assert.equal(both.isOwnOrigin("https://localhost:8600"), true);
  assert.equal(both.isOwnOrigin("http://localhost:8600"), true);
  assert.equal(both.isOwnOrigin("https://localhost:8601"), false);
});

test("the address that it listens on is its own name, whichever it is", () => {
  assert.equal(tls.isOwnHost("[2001:db8::7]"), true);
  assert.equal(tls.isOwnOrigin("https://[2001:db8::7]"), true);
  assert.equal(tls.isOwnHost("[2001:db8::8]"), false);
  const all = new OwnHosts({ secure: true, port: 8600, address: "0.0.0.0", extra: [] });
  assert.equal(all.isOwnHost("0.0.0.0:8600"), false, "browsers take it for this machine, and any page may name it");
});

test("the scheme's own port may be left out, with TLS only https is ours", () => {
  assert.equal(tls.isOwnHost("localhost"), true);
  assert.equal(tls.isOwnHost("localhost:443"), true);
  assert.equal(tls.isOwnOrigin("https://localhost"), true);
  assert.equal(tls.isOwnOrigin("http://localhost"), false);
});
