import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  annotationProblems,
  readIngressAnnotations,
  readNamespaceAnnotations,
  readServiceAnnotations,
} from "./annotations.ts";
import { accepted } from "./complaints.ts";

const CONTOUR = "projectcontour.io";
const OWN = "binnacle.dev";

describe("of an Ingress", () => {
  test("nothing is asked for where there is none", () => {
    const { value, problems } = readIngressAnnotations({});
    assert.deepEqual(new Set(Object.values(value)), new Set([undefined]));
    assert.deepEqual(problems, []);
  });

  for (const [annotations, expected] of [
    [{ [`${OWN}/ssl-redirect`]: "false" }, { sslRedirect: false }],
    [{ "ingress.kubernetes.io/force-ssl-redirect": "true" }, { sslRedirect: true }],
    [{ [`${OWN}/ssl-redirect`]: "false", "ingress.kubernetes.io/force-ssl-redirect": "true" }, { sslRedirect: false }],
    [{ "kubernetes.io/ingress.allow-http": "false" }, { allowHttp: false }],
    [{ [`${CONTOUR}/num-retries`]: "3" }, { retries: 3 }],
    [{ [`${CONTOUR}/num-retries`]: "-1" }, { retries: 0 }],
    [{ [`${CONTOUR}/num-retries`]: "0" }, { retries: undefined }],
    [{ [`${CONTOUR}/retry-on`]: " gateway-error , 5xx" }, { retryOn: "gateway-error,5xx" }],
    [{ [`${CONTOUR}/per-try-timeout`]: "150ms" }, { perTryTimeout: 150 }],
    [{ [`${CONTOUR}/per-try-timeout`]: "infinity" }, { perTryTimeout: undefined }],
    [{ [`${CONTOUR}/response-timeout`]: "1m30s" }, { responseTimeout: 90_000 }],
    [{ [`${CONTOUR}/response-timeout`]: "infinity" }, { responseTimeout: 0 }],
    [{ [`${CONTOUR}/response-timeout`]: "0s" }, { responseTimeout: undefined }],
    [{ [`${CONTOUR}/tls-minimum-protocol-version`]: "1.3" }, { tlsMinimumVersion: "1.3" }],
    [{ [`${CONTOUR}/tls-maximum-protocol-version`]: "1.2" }, { tlsMaximumVersion: "1.2" }],
    [{ [`${CONTOUR}/websocket-routes`]: "/chat, /live" }, { websocketPaths: ["/chat", "/live"] }],
  ] as const) {
    test(JSON.stringify(annotations), () => {
      const { value, problems } = readIngressAnnotations(annotations);
      assert.partialDeepStrictEqual(value, expected);
      assert.deepEqual(problems, []);
    });
  }

  for (const [name, text, field] of [
    [`${OWN}/ssl-redirect`, "yes", "sslRedirect"],
    [`${OWN}/ssl-redirect`, "", "sslRedirect"],
    ["ingress.kubernetes.io/force-ssl-redirect", "TRUE", "sslRedirect"],
    ["kubernetes.io/ingress.allow-http", "0", "allowHttp"],
    [`${CONTOUR}/num-retries`, "three", "retries"],
    [`${CONTOUR}/num-retries`, "", "retries"],
    [`${CONTOUR}/num-retries`, "1e3", "retries"],
    [`${CONTOUR}/num-retries`, "-2", "retries"],
    [`${CONTOUR}/num-retries`, "4294967296", "retries"],
    [`${CONTOUR}/retry-on`, "5xx,whenever", "retryOn"],
    [`${CONTOUR}/retry-on`, "", "retryOn"],
    [`${CONTOUR}/per-try-timeout`, "150", "perTryTimeout"],
    [`${CONTOUR}/response-timeout`, "-5s", "responseTimeout"],
    [`${CONTOUR}/response-timeout`, "forever", "responseTimeout"],
    [`${CONTOUR}/tls-minimum-protocol-version`, "1.1", "tlsMinimumVersion"],
    [`${CONTOUR}/tls-minimum-protocol-version`, "TLSv1.2", "tlsMinimumVersion"],
    [`${CONTOUR}/tls-maximum-protocol-version`, "1.4", "tlsMaximumVersion"],
    [`${CONTOUR}/websocket-routes`, "chat", "websocketPaths"],
    [`${CONTOUR}/websocket-routes`, "/chat,", "websocketPaths"],
  ] as const) {
    test(`${name}: ${JSON.stringify(text)} is told and counts as absent`, () => {
      const { value, problems } = readIngressAnnotations({ [name]: text });
      assert.equal(value[field], undefined);
      assert.equal(problems.length, 1);
      assert.equal(problems[0]?.path, `metadata.annotations[${name}]`);
      assert.equal(problems[0]?.severity, name.startsWith(OWN) ? "error" : "warning");
      assert.match(problems[0]?.message ?? "", new RegExp(`^found ${JSON.stringify(text)}, expected `));
    });
  }
});

describe("of a Service", () => {
  const none = {
    maxConnections: undefined,
    maxPendingRequests: undefined,
    maxRequests: undefined,
    maxRetries: undefined,
    perHostMaxConnections: undefined,
  };

  test("nothing is asked for where there is none, and outliers are found", () => {
    assert.deepEqual(readServiceAnnotations({}), {
      value: {
        healthCheck: undefined,
        outlierDetection: true,
        circuitBreaker: none,
        zones: [],
        upstreamProtocol: { h2: [], h2c: [], tls: [] },
      },
      problems: [],
    });
  });

  test("a path alone asks for active checks", () => {
    assert.deepEqual(readServiceAnnotations({ [`${OWN}/health-check-path`]: "/healthz" }).value.healthCheck, {
      path: "/healthz",
      interval: 5000,
      timeout: 2000,
      healthyThreshold: 2,
      unhealthyThreshold: 3,
    });
  });

  test("everything can be set", () => {
    const { value, problems } = readServiceAnnotations({
      [`${OWN}/health-check-path`]: "/healthz",
      [`${OWN}/health-check-interval`]: "1s",
      [`${OWN}/health-check-timeout`]: "500ms",
      [`${OWN}/health-check-healthy-threshold`]: "1",
      [`${OWN}/health-check-unhealthy-threshold`]: "5",
      [`${OWN}/outlier-detection`]: "off",
      [`${CONTOUR}/max-connections`]: "10",
      [`${CONTOUR}/max-pending-requests`]: "20",
      [`${CONTOUR}/max-requests`]: "30",
      [`${CONTOUR}/max-retries`]: "40",
      [`${CONTOUR}/per-host-max-connections`]: "50",
      [`${OWN}/prefer-zones`]: "a, b",
      [`${CONTOUR}/upstream-protocol.h2`]: "grpc, 8443",
      [`${CONTOUR}/upstream-protocol.h2c`]: "8080",
      [`${CONTOUR}/upstream-protocol.tls`]: "https",
    });
    assert.deepEqual(problems, []);
    assert.deepEqual(value, {
      healthCheck: { path: "/healthz", interval: 1000, timeout: 500, healthyThreshold: 1, unhealthyThreshold: 5 },
      outlierDetection: false,
      circuitBreaker: {
        maxConnections: 10,
        maxPendingRequests: 20,
        maxRequests: 30,
        maxRetries: 40,
        perHostMaxConnections: 50,
      },
      zones: ["a", "b"],
      upstreamProtocol: { h2: ["grpc", "8443"], h2c: ["8080"], tls: ["https"] },
    });
  });

  for (const [annotations, message] of [
    [{ [`${OWN}/health-check-path`]: "healthz" }, 'found "healthz", expected a path that starts with /'],
    [{ [`${OWN}/health-check-interval`]: "1s" }, `has no effect without ${OWN}/health-check-path`],
    [
      { [`${OWN}/health-check-path`]: "/", [`${OWN}/health-check-interval`]: "5" },
      'found "5", expected a duration such as 5s or 500ms',
    ],
    [
      { [`${OWN}/health-check-path`]: "/", [`${OWN}/health-check-timeout`]: "0s" },
      'found "0s", expected a duration such as 5s or 500ms',
    ],
    [
      { [`${OWN}/health-check-path`]: "/", [`${OWN}/health-check-healthy-threshold`]: "0" },
      'found "0", expected a whole number from 1 to 100',
    ],
    [{ [`${OWN}/outlier-detection`]: "false" }, 'found "false", expected one of "on", "off"'],
    [
      { [`${CONTOUR}/max-connections`]: "1OO" },
      'found "1OO", expected a whole number from 1 to 4294967295; it is ignored',
    ],
    [{ [`${CONTOUR}/max-requests`]: "0" }, 'found "0", expected a whole number from 1 to 4294967295; it is ignored'],
    [
      { [`${CONTOUR}/upstream-protocol.h2c`]: "a,,b" },
      'found "a,,b", expected names or numbers of ports, separated by commas; it is ignored',
    ],
    [
      { [`${CONTOUR}/upstream-protocol.h2`]: "80", [`${CONTOUR}/upstream-protocol.tls`]: "80" },
      "port 80 already has h2; it is ignored",
    ],
  ] as const) {
    test(JSON.stringify(annotations), () => {
      const { problems } = readServiceAnnotations(annotations);
      assert.deepEqual(
        problems.map((problem) => problem.message),
        [message],
      );
    });
  }
});

test("a namespace can switch last good forms off", () => {
  assert.equal(readNamespaceAnnotations({}).value.lastGood, true);
  assert.equal(readNamespaceAnnotations({ [`${OWN}/last-good`]: "off" }).value.lastGood, false);
  const { value, problems } = readNamespaceAnnotations({ [`${OWN}/last-good`]: "no" });
  assert.equal(value.lastGood, true);
  assert.equal(problems[0]?.message, 'found "no", expected one of "on", "off"');
});

for (const [name, message, fix] of [
  [`${OWN}/health-chek-path`, "unknown annotation", `write ${OWN}/health-check-path`],
  [`${OWN}/sampling`, "unknown annotation", "remove it"],
  [`${OWN}/ssl-redirect`, "has no effect here: it belongs on Ingress", "move it there"],
  [`${OWN}/last-good`, "has no effect here: it belongs on Namespace", "move it there"],
] as const) {
  test(`${name} on a Service is a warning`, () => {
    const service = accepted(
      "Service",
      `{apiVersion: v1, kind: Service, metadata: {name: a, annotations: {${name}: x}}, spec: {clusterIP: None}}`,
    );
    const path = `metadata.annotations[${name}]`;
    assert.deepEqual(annotationProblems(service), [{ severity: "warning", path, message, fix }]);
  });
}

test("annotations of others are none of our business", () => {
  const service = accepted(
    "Secret",
    "{apiVersion: v1, kind: Secret, metadata: {name: a, annotations: {example.com/x: y, binnacle.devious/x: y}}}",
  );
  assert.deepEqual(annotationProblems(service), []);
});
