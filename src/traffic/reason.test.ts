import assert from "node:assert/strict";
import { test } from "node:test";
import type { RequestRow } from "./request-shown.ts";
import type { EndpointHealth } from "./table-rows.ts";
import { reason } from "./reason.ts";
import { FLAG_REASONS } from "./reason-flags.ts";
import { rowForTests } from "./row-for-tests.ts";

function failed(more: Partial<RequestRow>): RequestRow {
  return rowForTests({ code: 503, kept: "failure", ...more });
}

const HALF: readonly EndpointHealth[] = ["healthy", "failing"];

/** Every flag that Envoy 1.40 knows: source/common/stream_info/utility.h, CORE_RESPONSE_FLAGS. */
const ENVOY_FLAGS =
  "LH UH UT LR UR UF UC UO NR DI FI RL UAEX RLSE DC URX SI IH DPE UMSDR RFCF NFCF DT UPE NC OM DF DO DR UDO".split(" ");

test("every response flag of Envoy has its reason, in whole sentences", () => {
  assert.deepEqual(Object.keys(FLAG_REASONS).sort(), [...ENVOY_FLAGS].sort());
  for (const flag of ENVOY_FLAGS) {
    for (const known of [HALF, [], undefined]) {
      const why = reason(failed({ flags: [flag], details: "" }), known);
      assert.ok(why !== undefined, flag);
      for (const text of [why.summary, why.detail, why.nextStep]) {
        assert.ok(text.length > 5 && text.length < 300, `${flag}: ${text}`);
        assert.doesNotMatch(text, /undefined|\[object|NaN| {2}|[.\s]$|^$/, `${flag}: ${text}`);
      }
      assert.ok(why.summary.length < 120, why.summary);
    }
  }
});

test("no endpoints and no healthy endpoint are two things", () => {
  const request = failed({ flags: ["UH"], details: "no_healthy_upstream", endpoint: undefined });
  const none = reason(request, []);
  assert.equal(none?.summary, "team-shop/cart:80 has no endpoints");
  assert.match(none?.nextStep ?? "", /selector/);
  const sick = reason(request, ["failing", "failing", "ejected"]);
  assert.equal(sick?.summary, "No healthy endpoint in team-shop/cart:80");
  assert.match(
    sick?.detail ?? "",
    /0 of 3 endpoints are healthy \(2 fail their health check, 1 is ejected after too many errors\)/,
  );
});

test("why no connection could be made is told apart", () => {
  const cases: readonly (readonly [Partial<RequestRow>, RegExp, RegExp])[] = [
    [{ transportFailure: "delayed connect error: Connection refused" }, /refused the connection/, /listening/],
    [
      { details: "upstream_reset_before_response_started{remote_connection_failure|connection_timeout}" },
      /does not answer/,
      /firewall/,
    ],
    [{ transportFailure: "immediate connect error: Network is unreachable" }, /cannot be reached/, /routes/],
    [
      {
        transportFailure: "TLS_error:|268435581:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:TLS_error_end",
      },
      /certificate .*not trusted/,
      /dates, names, issuer/,
    ],
    [
      { transportFailure: "TLS_error:|268435703:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER:TLS_error_end" },
      /does not speak TLS/,
      /TLS port/,
    ],
    [{ transportFailure: "TLS_error: handshake" }, /TLS handshake/, /versions/],
    [{ transportFailure: "something new" }, /No connection to team-shop\/cart:80/, /may reach it/],
  ];
  for (const [more, summary, nextStep] of cases) {
    const why = reason(
      failed({ flags: ["UF"], details: "upstream_reset_before_response_started", ...more }),
      undefined,
    );
    assert.match(why?.summary ?? "", summary);
    assert.match(why?.nextStep ?? "", nextStep);
    if (more.transportFailure !== undefined) assert.ok(why?.detail.includes(more.transportFailure));
  }
});

test("of several flags the cause is told, not its consequence", () => {
  const why = reason(
    failed({ flags: ["UF", "URX"], details: "upstream_reset_before_response_started", attempts: 3 }),
    undefined,
  );
  assert.match(why?.summary ?? "", /No connection/);
  assert.match(why?.detail ?? "", /after 3 attempts/);
  const retried = reason(failed({ flags: ["URX"], details: "via_upstream", attempts: 2 }), undefined);
  assert.equal(retried?.summary, "team-shop/cart:80 answered 503 (unavailable)");
});

test("an upstream's own error is the upstream's", () => {
  const why = reason(failed({ code: 500 }), ["healthy", "healthy"]);
  assert.equal(why?.summary, "team-shop/cart:80 answered 500 (internal error)");
  assert.equal(why?.side, "upstream");
  assert.match(
    why?.detail ?? "",
    /10\.0\.0\.1:8080 gave this answer itself, after 12 ms; 2 of 2 endpoints are healthy/,
  );
});

test("details say more than a flag where they do", () => {
  const cases: readonly (readonly [Partial<RequestRow>, RegExp])[] = [
    [{ code: 504, flags: ["UT"], details: "upstream_per_try_timeout" }, /Each attempt/],
    [{ code: 504, flags: ["UT"], details: "response_timeout" }, /did not answer in time/],
    [{ code: 400, flags: ["DPE"], details: "http1.codec_error" }, /breaks the HTTP protocol/],
    [{ code: 400, flags: ["DPE"], details: "http1.unexpected_underscore" }, /underscore/],
    [{ code: 429, flags: ["RL"], details: "local_rate_limited" }, /Rate limit/],
    [{ code: 503, details: "direct_response" }, /no usable backend/],
    [{ code: 502, details: "direct_response" }, /includes an object that is missing/],
    [{ code: 500, details: "response_payload_too_large" }, /too large to be buffered/],
    [{ code: 0, details: "" }, /ended without an answer/],
    [{ code: 503, flags: ["XX"], details: "brand_new" }, /status 503/],
  ];
  for (const [more, summary] of cases) assert.match(reason(failed(more), undefined)?.summary ?? "", summary);
  assert.match(reason(failed({ flags: ["XX"], details: "brand_new" }), undefined)?.detail ?? "", /XX, brand_new/);
});

function slow(phases: RequestRow["phases"]) {
  return reason(rowForTests({ kept: "slow", duration: 2500, phases }), undefined);
}

test("a slow request is told by its longest phase", () => {
  const upstream = slow({ waiting: 1, connecting: 0, upstream: 2400, transfer: 99 });
  assert.equal(upstream?.summary, "team-shop/cart:80 took 2.5 s");
  assert.equal(upstream?.detail, "2.4 s of it waiting for the first byte of the answer");
  assert.match(slow({ connecting: 2000 })?.nextStep ?? "", /circuit breakers/);
  assert.equal(slow({})?.detail, "how it was spent is not known");
});

test("what is neither failed nor slow has no reason; a 404 of an upstream is its own business", () => {
  assert.equal(reason(rowForTests(), undefined), undefined);
  assert.equal(reason(rowForTests({ code: 404 }), undefined), undefined);
});

test("an upstream of another backend is named with it", () => {
  const upstream = { backend: "east", namespace: "team-shop", service: "cart", port: 80 };
  assert.match(reason(failed({ code: 500, upstream }), undefined)?.summary ?? "", /^east team-shop\/cart:80 answered/);
});
