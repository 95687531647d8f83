import assert from "node:assert/strict";
import { test } from "node:test";
import { publicUrlOf } from "./public-url.ts";

const tls = { certificateFile: "/a", keyFile: "/b" };

for (const [api, url] of [
  [{ address: "127.0.0.1", port: 8600, allowedHosts: [] }, "http://binnacle.localhost:8600"],
  [{ address: "::1", port: 8600, allowedHosts: ["a.example"] }, "http://binnacle.localhost:8600"],
  [{ address: "192.0.2.7", port: 8600, tls, allowedHosts: ["a.example"] }, "https://192.0.2.7:8600"],
  [{ address: "2001:db8::7", port: 8600, tls, allowedHosts: [] }, "https://[2001:db8::7]:8600"],
  [{ address: "0.0.0.0", port: 8600, tls, allowedHosts: ["a.example", "b.example"] }, "https://a.example:8600"],
  [{ address: "::", port: 8600, tls, allowedHosts: ["a.example:443"] }, "https://a.example:443"],
  [{ address: "0.0.0.0", port: 8600, tls, allowedHosts: [] }, "https://127.0.0.1:8600"],
] as const) {
  test(`an API on ${api.address}, also called ${api.allowedHosts.join(", ") || "nothing"}, is found at ${url}`, () => {
    assert.equal(publicUrlOf({ api }), url);
  });
}
