import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readPreference } from "./preference.ts";

const FAILOVER = "binnacle.dev/failover";
const BACKENDS = "binnacle.dev/prefer-backends";
const ZONES = "binnacle.dev/prefer-zones";

describe("what an object says of the order of its upstreams", () => {
  test("nothing where there is none", () => {
    const value = { failover: [], backends: [], zones: [] };
    assert.deepEqual(readPreference({ "binnacle.dev/acme": "true" }), { value, problems: [] });
  });

  test("chains, backends and zones, with any spaces", () => {
    const { value, problems } = readPreference({
      [FAILOVER]: " east-web>west-web:8080 > spare:http ,\n api:90 > other",
      [BACKENDS]: "east,local",
      [ZONES]: "eu-1a, EU_1.b",
    });
    assert.deepEqual(problems, []);
    assert.deepEqual(value, {
      failover: [
        {
          first: { name: "east-web", port: undefined },
          fallbacks: [
            { name: "west-web", port: 8080 },
            { name: "spare", port: "http" },
          ],
        },
        { first: { name: "api", port: 90 }, fallbacks: [{ name: "other", port: undefined }] },
      ],
      backends: ["east", "local"],
      zones: ["eu-1a", "EU_1.b"],
    });
  });

  for (const [annotation, text, message] of [
    [FAILOVER, "", /^found "", expected Services in the order/],
    [FAILOVER, "a", /^found "a", expected Services in the order/],
    [FAILOVER, "a > ", /^found "a >", expected Services/],
    [FAILOVER, "> a", /^found "> a", expected Services/],
    [FAILOVER, "a > b,", /^found "", expected Services/],
    [FAILOVER, "a b > c", /^found "a b > c", expected Services/],
    [FAILOVER, "A > b", /^found "A > b", expected Services/],
    [FAILOVER, "a > b:0", /^found "a > b:0", expected Services/],
    [FAILOVER, "a > b:65536", /^found "a > b:65536", expected Services/],
    [FAILOVER, "a > b:", /^found "a > b:", expected Services/],
    [FAILOVER, "a > b:80:90", /^found "a > b:80:90", expected Services/],
    [FAILOVER, "a > team/b", /^"team\/b" is a Service of another namespace/],
    [FAILOVER, "a > b > a", /^found "a" twice in a chain/],
    [FAILOVER, "a > b, a > c", /^found two chains that begin with "a"/],
    [FAILOVER, "a > b > c > d > e > f > g > h > i", /^found 8 Services after a, expected at most 7/],
    [BACKENDS, "", /^found "", expected names of backends/],
    [BACKENDS, "east, East", /^found "east, East", expected names of backends/],
    [BACKENDS, "east, east", /^found "east" twice/],
    [ZONES, "a,,b", /^found "a,,b", expected names of zones/],
    [ZONES, "a b", /^found "a b", expected names of zones/],
    [ZONES, "1,2,3,4,5,6,7,8,9", /^found 9 entries, expected at most 8/],
  ] as const) {
    test(`${annotation}: ${JSON.stringify(text)} is an error, and as good as absent`, () => {
      const { value, problems } = readPreference({ [annotation]: text });
      assert.deepEqual(value, { failover: [], backends: [], zones: [] });
      assert.equal(problems.length, 1);
      assert.equal(problems[0]?.severity, "error");
      assert.equal(problems[0].path, `metadata.annotations[${annotation}]`);
      assert.match(problems[0].message, message);
    });
  }
});
