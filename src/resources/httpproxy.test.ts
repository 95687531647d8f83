import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { accepted, complaints } from "./complaints.ts";

/** A proxy with this `spec`, as a flow mapping. */
function proxy(spec: string): string {
  return `{ apiVersion: projectcontour.io/v1, kind: HTTPProxy, metadata: { name: shop, namespace: team }, spec: ${spec} }`;
}

/** A proxy with one route that holds this beside a service. */
function route(fields: string): string {
  return proxy(`{ routes: [{ services: [{ name: a, port: 80 }], ${fields} }] }`);
}

function host(fields: string): string {
  return proxy(`{ virtualhost: { fqdn: shop.test, ${fields} } }`);
}

/** What is wrong, by the text that has it. */
const REFUSED: Readonly<Record<string, readonly [text: string, ...complaints: string[]]>> = {
  "a host of several names": [
    proxy("{ virtualhost: { fqdn: 'shop.*' } }"),
    `spec.virtualhost.fqdn: found "shop.*", but a wildcard stands for one whole first label; write it as *.example.com`,
  ],
  "no host": [proxy("{ virtualhost: {} }"), "spec.virtualhost.fqdn: missing, expected a text; add it"],
  "a port out of range": [
    proxy("{ routes: [{ services: [{ name: a, port: 70000 }] }] }"),
    "spec.routes[0].services[0].port: found 70000, expected at most 65535",
  ],
  "a service without name and a negative weight": [
    proxy("{ routes: [{ services: [{ port: 80, weight: -1 }] }] }"),
    "spec.routes[0].services[0].name: missing, expected a text; add it",
    "spec.routes[0].services[0].weight: found -1, expected at least 0",
  ],
  "a protocol that is none": [
    proxy("{ routes: [{ services: [{ name: a, port: 80, protocol: http2 }] }] }"),
    'spec.routes[0].services[0].protocol: found the text "http2", expected one of h2, h2c, tls',
  ],
  "an unknown field": [
    route("timeoutPolice: { response: 5s }"),
    "spec.routes[0].timeoutPolice: unknown field; write timeoutPolicy",
  ],
  "a time without unit": [
    route('timeoutPolicy: { response: "5", idle: soon, idleConnection: 1d }'),
    'spec.routes[0].timeoutPolicy.response: found "5", expected a duration such as 5s or 500ms, or infinity; write 5s if seconds are meant',
    'spec.routes[0].timeoutPolicy.idle: found "soon", expected a duration such as 5s or 500ms, or infinity',
    'spec.routes[0].timeoutPolicy.idleConnection: found "1d", expected a duration such as 5s or 500ms, or infinity',
  ],
  "a word that nothing is retried on": [
    route("retryPolicy: { count: -2, retryOn: [6xx] }"),
    "spec.routes[0].retryPolicy.count: found -2, expected at least -1",
    'spec.routes[0].retryPolicy.retryOn[0]: found the text "6xx", expected one of 5xx, gateway-error, reset, reset-before-request, connect-failure, envoy-ratelimited, retriable-4xx, refused-stream, retriable-status-codes, retriable-headers, http3-post-connect-failure, cancelled, deadline-exceeded, internal, resource-exhausted, unavailable; write 5xx',
  ],
  "a redirect to nowhere": [
    route('requestRedirectPolicy: { statusCode: 305, path: "x", hostname: "A.test" }'),
    "spec.routes[0].requestRedirectPolicy.hostname: found \"A.test\", expected a DNS name: letters a-z, digits, '-' and '.', with a letter or digit at both ends; write a.test",
    'spec.routes[0].requestRedirectPolicy.path: found "x", expected a path that starts with /; write /x',
    "spec.routes[0].requestRedirectPolicy.statusCode: found 305, expected one of 301, 302, 303, 307, 308",
  ],
  "a status that is none": [
    route("directResponsePolicy: { statusCode: 600 }"),
    "spec.routes[0].directResponsePolicy.statusCode: found 600, expected at most 599",
  ],
  "a cookie that no browser takes": [
    route('cookieRewritePolicies: [{ name: "a b", pathRewrite: { value: "/x;y" }, sameSite: lax }]'),
    'spec.routes[0].cookieRewritePolicies[0].name: found "a b", expected a cookie\'s name',
    "spec.routes[0].cookieRewritePolicies[0].pathRewrite.value: found \"/x;y\", expected a path without ';' and control characters",
    'spec.routes[0].cookieRewritePolicies[0].sameSite: found the text "lax", expected one of Strict, Lax, None; write Lax',
  ],
  "a source of addresses that is none": [
    route("ipAllowPolicy: [{ source: peer, cidr: 10.0.0.0/8 }]"),
    'spec.routes[0].ipAllowPolicy[0].source: found the text "peer", expected one of Peer, Remote; write Peer',
  ],
  "a limit of nothing": [
    route("rateLimitPolicy: { local: { requests: 0, unit: day, responseStatusCode: 302 } }"),
    "spec.routes[0].rateLimitPolicy.local.requests: found 0, expected at least 1",
    'spec.routes[0].rateLimitPolicy.local.unit: found the text "day", expected one of second, minute, hour',
    "spec.routes[0].rateLimitPolicy.local.responseStatusCode: found 302, expected at least 400",
  ],
  "a health check of no status": [
    route("healthCheckPolicy: { path: /live, expectedStatuses: [{ start: 99, end: 700 }] }"),
    "spec.routes[0].healthCheckPolicy.expectedStatuses[0].start: found 99, expected at least 100",
    "spec.routes[0].healthCheckPolicy.expectedStatuses[0].end: found 700, expected at most 600",
  ],
  "subject names that contradict": [
    proxy(
      "{ routes: [{ services: [{ name: a, port: 80, validation: { caSecret: ca, subjectName: a.test, subjectNames: [b.test] } }] }] }",
    ),
    "spec.routes[0].services[0].validation.subjectNames: found another name first than subjectName; repeat subjectName as the first of them",
  ],
  "a Secret of a namespace that cannot be": [
    host("tls: { secretName: Team/cert }"),
    "spec.virtualhost.tls.secretName: found \"Team\", expected a DNS label: letters a-z, digits and '-', with a letter or digit at both ends; write team",
  ],
  "CORS for nobody": [
    host('corsPolicy: { allowOrigin: [], allowMethods: ["GET, POST"], maxAge: forever }'),
    "spec.virtualhost.corsPolicy.allowOrigin: found 0 items, expected at least 1",
    'spec.virtualhost.corsPolicy.allowMethods[0]: found "GET, POST", expected a name of letters, digits and -._ alone',
    'spec.virtualhost.corsPolicy.maxAge: found "forever", expected a duration such as 5s or 500ms',
  ],
  "a JWT provider without keys, and one with two": [
    host(
      "jwtProviders: [{ name: a }, { name: b, remoteJWKS: { uri: 'https://x.test' }, localJWKS: { secretName: s, key: k } }]",
    ),
    "spec.virtualhost.jwtProviders[0]: found neither remoteJWKS nor localJWKS, expected one; add remoteJWKS",
    "spec.virtualhost.jwtProviders[1]: found both remoteJWKS and localJWKS, expected one; remove one",
  ],
  "HTTP settings of a gRPC service": [
    host("authorization: { httpSettings: { allowedUpstreamHeaders: [{ exact: a, prefix: b }] } }"),
    "spec.virtualhost.authorization.httpSettings.allowedUpstreamHeaders[0]: found exact and prefix, expected exactly one of exact, prefix, suffix, contains",
    "spec.virtualhost.authorization.httpSettings: only for a serviceType of http; remove it, or set serviceType: http",
  ],
  "an include without name": [
    proxy("{ includes: [{ namespace: Other, conditions: [{ header: {} }] }] }"),
    "spec.includes[0].name: missing, expected a text; add it",
    "spec.includes[0].namespace: found \"Other\", expected a DNS label: letters a-z, digits and '-', with a letter or digit at both ends; write other",
    "spec.includes[0].conditions[0].header.name: missing, expected a text; add it",
  ],
  "a slow start of words": [
    proxy(
      "{ routes: [{ services: [{ name: a, port: 80, slowStartPolicy: { window: slow, aggression: high, minWeightPercent: 101 } }] }] }",
    ),
    'spec.routes[0].services[0].slowStartPolicy.window: found "slow", expected a duration such as 5s or 500ms',
    'spec.routes[0].services[0].slowStartPolicy.aggression: found high, expected a number such as "1.5"',
    "spec.routes[0].services[0].slowStartPolicy.minWeightPercent: found 101, expected at most 100",
  ],
  "the version of another kind": [
    proxy("{}").replace("/v1,", "/v1alpha1,"),
    "apiVersion: HTTPProxy is not in projectcontour.io/v1alpha1; write projectcontour.io/v1",
  ],
  "a delegation of nothing": [
    "{ apiVersion: projectcontour.io/v1, kind: TLSCertificateDelegation, metadata: { name: d }, spec: { delegations: [{ secretName: s }] } }",
    "spec.delegations[0].targetNamespaces: missing, expected a list; add it",
  ],
  "an extension without services": [
    "{ apiVersion: projectcontour.io/v1alpha1, kind: ExtensionService, metadata: { name: e }, spec: { services: [], protocol: grpc, protocolVersion: v2 } }",
    "spec.services: found 0 items, expected at least 1",
    'spec.protocol: found the text "grpc", expected one of http/1.1, h2, h2c',
    'spec.protocolVersion: found the text "v2", expected v3',
  ],
};

suite("HTTPProxy and what belongs to it: what is refused", () => {
  for (const [what, [text, ...expected]] of Object.entries(REFUSED)) {
    test(what, () => assert.deepEqual(complaints(text), expected));
  }
});

suite("HTTPProxy and what belongs to it: what is read", () => {
  test("the API server's defaults are filled in, and nothing else", () => {
    const read = accepted(
      "HTTPProxy",
      route("retryPolicy: {}, requestRedirectPolicy: {}, rateLimitPolicy: { local: { requests: 1, unit: hour } }"),
    );
    const [first] = read.spec.routes;
    assert.deepEqual(first?.retryPolicy, { count: 1, retryOn: [], retriableStatusCodes: [] });
    assert.deepEqual(first?.requestRedirectPolicy, { statusCode: 302 });
    assert.deepEqual(first?.rateLimitPolicy?.local, { requests: 1, unit: "hour", responseHeadersToAdd: [] });
    assert.equal(read.spec.virtualhost, undefined);
  });

  test("a text that is empty is absent, where Contour's own definition takes it", () => {
    const read = accepted(
      "HTTPProxy",
      proxy(`{
        ingressClassName: "",
        virtualhost: { fqdn: shop.test, tls: { secretName: "", passthrough: true } },
        includes: [{ name: a, namespace: "" }],
        tcpproxy: { include: { name: a, namespace: "" } },
        routes: [{ jwtVerificationPolicy: { require: "", disabled: true } }],
      }`),
    );
    const { virtualhost, includes, tcpproxy, routes } = read.spec;
    assert.equal("ingressClassName" in read.spec, false);
    assert.deepEqual(virtualhost?.tls, { passthrough: true });
    assert.deepEqual(includes, [{ name: "a", conditions: [] }]);
    assert.deepEqual(tcpproxy?.include, { name: "a" });
    assert.deepEqual(routes[0]?.jwtVerificationPolicy, { disabled: true });
  });

  test("times stay as they were written", () => {
    const read = accepted("HTTPProxy", route("timeoutPolicy: { response: 1m30s, idle: infinity }"));
    assert.deepEqual(read.spec.routes[0]?.timeoutPolicy, { response: "1m30s", idle: "infinity" });
  });

  test("a host may be a wildcard or an address", () => {
    for (const fqdn of ["shop.test", "*.shop.test", "192.0.2.7"])
      assert.equal(accepted("HTTPProxy", proxy(`{ virtualhost: { fqdn: "${fqdn}" } }`)).spec.virtualhost?.fqdn, fqdn);
  });

  test("what only makes no sense together is left to translation", () => {
    assert.deepEqual(
      complaints(
        route("conditions: [{ prefix: x }, { exact: /y, regex: '[' }], directResponsePolicy: { statusCode: 200 }"),
      ),
      [],
    );
    assert.deepEqual(complaints(route("ipAllowPolicy: [{ source: Peer, cidr: nonsense }]")), []);
  });
});
