import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { accepted, complaints } from "./complaints.ts";

/** An IngressRoute with this `spec`, as a flow mapping. */
function ingressRoute(spec: string): string {
  return `{ apiVersion: contour.heptio.com/v1beta1, kind: IngressRoute, metadata: { name: shop, namespace: team }, spec: ${spec} }`;
}

function route(fields: string): string {
  return ingressRoute(`{ routes: [{ match: /, ${fields} }] }`);
}

/** What is wrong, by the text that has it. */
const REFUSED: Readonly<Record<string, readonly [text: string, ...complaints: string[]]>> = {
  "no host": [ingressRoute("{ virtualhost: {} }"), "spec.virtualhost.fqdn: missing, expected a text; add it"],
  "a wildcard": [
    ingressRoute('{ virtualhost: { fqdn: "*.shop.test" } }'),
    'spec.virtualhost.fqdn: found "*.shop.test", but an IngressRoute\'s host is one name; write it out, or use an HTTPProxy, which takes *.example.com',
  ],
  "a host with a port": [
    ingressRoute('{ virtualhost: { fqdn: "shop.test:80" } }'),
    'spec.virtualhost.fqdn: found "shop.test:80" with a port, expected a host alone; remove the port: listeners choose it',
  ],
  "no match": [
    ingressRoute("{ routes: [{ services: [{ name: a, port: 80 }] }] }"),
    "spec.routes[0].match: missing, expected a text; add it",
  ],
  "a match that is no path": [
    ingressRoute("{ routes: [{ match: shop, services: [{ name: a, port: 80 }] }] }"),
    'spec.routes[0].match: found "shop", expected a path that starts with /; write /shop',
  ],
  "a route that sends and delegates": [
    route("services: [{ name: a, port: 80 }], delegate: { name: b }"),
    "spec.routes[0]: found both services and delegate, expected one of them; keep one of them",
  ],
  "a route that does nothing": [
    route("permitInsecure: true"),
    "spec.routes[0]: found neither services nor delegate, expected one of them; add services",
  ],
  "WebSockets to several services": [
    route("enableWebsockets: true, services: [{ name: a, port: 80 }, { name: b, port: 80 }]"),
    "spec.routes[0].enableWebsockets: found 2 services, expected one for WebSockets; leave one service, or use an HTTPProxy, which takes both",
  ],
  "ports out of range": [
    route("services: [{ name: a, port: 0 }, { name: b, port: 65536 }]"),
    "spec.routes[0].services[0].port: found 0, expected at least 1",
    "spec.routes[0].services[1].port: found 65536, expected at most 65535",
  ],
  "a negative weight": [
    route("services: [{ name: a, port: 80, weight: -1 }]"),
    "spec.routes[0].services[0].weight: found -1, expected at least 0",
  ],
  "verification by halves": [
    route("services: [{ name: a, port: 443, validation: { caSecret: ca } }]"),
    "spec.routes[0].services[0].validation.subjectName: missing, expected a text; add it",
  ],
  "a health check without a path": [
    route("services: [{ name: a, port: 80, healthCheck: { intervalSeconds: 5 } }]"),
    "spec.routes[0].services[0].healthCheck.path: missing, expected a text; add it",
  ],
  "times that are none": [
    route(
      'services: [{ name: a, port: 80 }], timeoutPolicy: { request: "5" }, retryPolicy: { count: -1, perTryTimeout: infinity }',
    ),
    'spec.routes[0].timeoutPolicy.request: found "5", expected a duration such as 5s or 500ms, or infinity; write 5s if seconds are meant',
    "spec.routes[0].retryPolicy.count: found -1, expected at least 0",
    'spec.routes[0].retryPolicy.perTryTimeout: found "infinity", expected a duration such as 5s or 500ms',
  ],
  "a field of HTTPProxy": [
    route("services: [{ name: a, port: 80 }], timeoutPolicy: { response: 5s }, conditions: [{ prefix: / }]"),
    "spec.routes[0].timeoutPolicy.response: unknown field; remove it",
    "spec.routes[0].conditions: unknown field; remove it",
  ],
  "TCP to nowhere": [
    ingressRoute("{ tcpproxy: {} }"),
    "spec.tcpproxy: found neither services nor delegate, expected one of them; add services",
  ],
  "TCP to services and to another": [
    ingressRoute("{ tcpproxy: { services: [{ name: a, port: 80 }], delegate: { name: b } } }"),
    "spec.tcpproxy: found both services and delegate, expected one of them; keep one of them",
  ],
  "Contour's group of today": [
    ingressRoute("{}").replace("contour.heptio.com/v1beta1", "projectcontour.io/v1"),
    "apiVersion: IngressRoute is not in projectcontour.io/v1; write contour.heptio.com/v1beta1",
  ],
  "a delegation of certificates of its time": [
    "{ apiVersion: contour.heptio.com/v1beta1, kind: TLSCertificateDelegation, metadata: { name: a }, spec: { delegations: [] } }",
    "apiVersion: TLSCertificateDelegation is not in contour.heptio.com/v1beta1; write projectcontour.io/v1",
  ],
};

suite("IngressRoute", () => {
  for (const [name, [text, ...expected]] of Object.entries(REFUSED)) {
    test(name, () => assert.deepEqual(complaints(text), expected));
  }

  test("every field that Contour 1.0 had is read", () => {
    const read = accepted(
      "IngressRoute",
      ingressRoute(`{
        virtualhost: { fqdn: shop.test, tls: { secretName: certs/shop, minimumProtocolVersion: "1.3", passthrough: false } },
        routes: [
          { match: /, delegate: { name: rest, namespace: other } },
          { match: /app, enableWebsockets: true, permitInsecure: true, prefixRewrite: /, timeoutPolicy: { request: 0s },
            retryPolicy: { count: 3, perTryTimeout: 150ms }, services: [{ name: a, port: 80, weight: 10, strategy: Cookie,
              healthCheck: { path: /live, host: a.test, intervalSeconds: 5, timeoutSeconds: 2, unhealthyThresholdCount: 3,
                healthyThresholdCount: 5 }, validation: { caSecret: ca, subjectName: a.test } }] },
        ],
        tcpproxy: { services: [{ name: a, port: 443 }] },
      }`),
    );
    assert.equal(read.spec.routes[1]?.services[0]?.healthCheck?.path, "/live");
    assert.equal(read.spec.virtualhost?.tls?.secretName, "certs/shop");
  });

  test("beside a tcpproxy a route may do nothing", () => {
    const text = ingressRoute("{ routes: [{ match: / }], tcpproxy: { delegate: { name: a, namespace: b } } }");
    assert.deepEqual(complaints(text), []);
  });
});
