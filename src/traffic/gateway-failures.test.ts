import assert from "node:assert/strict";
import { test } from "node:test";
import { entryFacts } from "./entry.ts";
import { entryForTests } from "./entry-for-tests.ts";
import { type GatewayFailure, gatewayFailure, GatewayFailures } from "./gateway-failures.ts";
import { reason } from "./reason.ts";
import type { GatewayFacts } from "./reason-gateway.ts";
import { rowForTests } from "./row-for-tests.ts";
import type { RequestRow } from "./request-shown.ts";

const FAILURE: GatewayFailure = {
  backend: "east",
  endpoint: "10.0.0.1:8080",
  answer: undefined,
  transportFailure: "",
  at: 1000,
};

test("an entry of a gateway's listener is a tunnel that was not made; any other is a request", () => {
  const entry = entryForTests({ code: 502, authority: "10.0.0.1:8080" });
  assert.equal(gatewayFailure(entry, entryFacts(entry), 5), undefined);
  const facts = { ...entryFacts(entry), listener: "gateway/east/1f" };
  assert.deepEqual(gatewayFailure(entry, facts, 5), { ...FAILURE, answer: 502, at: 5 });
  const local = { ...entry, response: { ...entry.response!, responseCodeDetails: "no_healthy_upstream" } };
  assert.equal(gatewayFailure(local, facts, 5)?.answer, undefined);
  assert.equal(gatewayFailure(local, { ...facts, flags: "UC" }, 5)?.answer, "none");
});

test("the newest failure is told, of an endpoint and of the gateway, until it is too old", () => {
  const failures = new GatewayFailures();
  for (const [endpoint, at] of [
    ["a:1", 1],
    ["b:1", 2],
    ["a:1", 3],
  ] as const)
    failures.add({ ...FAILURE, endpoint, at });
  assert.equal(failures.newest("east", "b:1", 0)?.at, 2);
  assert.equal(failures.newest("east", undefined, 0)?.at, 3);
  assert.equal(failures.newest("east", "b:1", 15_003), undefined);
  assert.equal(failures.newest("west", undefined, 0), undefined);
  for (let index = 0; index < 5000; index++) failures.add({ ...FAILURE, endpoint: `c:${index}`, at: 4 });
  assert.equal(failures.newest("east", "a:1", 0), undefined);
  assert.equal(failures.newest("east", "c:4999", 0)?.at, 4);
});

test("a request that failed on its way through a gateway says whether the gateway or the endpoint is at fault", () => {
  const upstream = { backend: "east", namespace: "team-shop", service: "east-cart", port: 80 };
  const told = (more: Partial<RequestRow>, facts: Partial<GatewayFacts>) =>
    reason(
      rowForTests({ code: 503, kept: "failure", upstream, endpoint: "10.0.0.1:8080", details: "", ...more }),
      ["failing"],
      { backend: "east", addresses: ["healthy"], failure: undefined, ...facts },
    );
  const cases: readonly (readonly [readonly string[], Partial<GatewayFacts>, RegExp])[] = [
    [
      ["UC"],
      { failure: { ...FAILURE, answer: 502 } },
      /^The gateway of backend east could not reach 10.0.0.1:8080 \(status 502\)$/,
    ],
    [
      ["UH"],
      { failure: { ...FAILURE, answer: 403 } },
      /^The gateway of backend east refused the connection to 10.0.0.1:8080/,
    ],
    [["UF"], { failure: FAILURE }, /^The gateway of backend east cannot be reached$/],
    [["UH"], { addresses: ["failing", "failing"] }, /^The gateway of backend east cannot be reached$/],
    [["UC"], {}, /closed the connection without an answer/],
    [["UT"], { failure: FAILURE }, /did not answer in time/],
    [["UH"], { addresses: ["healthy", "failing"] }, /^No healthy endpoint in east team-shop\/east-cart:80$/],
  ];
  for (const [flags, facts, summary] of cases) {
    const why = told({ flags }, facts);
    assert.match(why?.summary ?? "", summary);
    for (const text of [why?.summary, why?.detail, why?.nextStep])
      assert.doesNotMatch(text ?? "", /undefined|NaN| {2}|[.\s]$|^$/);
  }
  assert.match(told({ flags: ["UC"] }, {})?.detail ?? "", /through the gateway of backend east/);
  const words = { ...FAILURE, transportFailure: "delayed_connect_error:_Connection_refused" };
  assert.match(told({ flags: ["UF"] }, { failure: words })?.detail ?? "", /Connection_refused/);
});
