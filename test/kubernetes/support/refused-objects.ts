import type { Manifest } from "./api-client.ts";

/** An HTTPProxy with this `spec`. */
export function proxy(spec: unknown): Manifest {
  return { apiVersion: "projectcontour.io/v1", kind: "HTTPProxy", metadata: { name: "bad", namespace: "team" }, spec };
}

function ingressRoute(spec: unknown): Manifest {
  const apiVersion = "contour.heptio.com/v1beta1";
  return { apiVersion, kind: "IngressRoute", metadata: { name: "bad", namespace: "team" }, spec };
}

/** One that is right. */
export const service = { name: "a", port: 80 };
const routed = (fields: object): Manifest => proxy({ routes: [{ services: [service], ...fields }] });
const hosted = (fields: object): Manifest => proxy({ virtualhost: { fqdn: "a.test", ...fields } });
const sending = (fields: object): Manifest => proxy({ routes: [{ services: [{ ...service, ...fields }] }] });

/** What the API server has to refuse, and the field that it has to name. */
export const REFUSED_OBJECTS: Readonly<Record<string, readonly [Manifest, field: string]>> = {
  "no host": [proxy({ virtualhost: {} }), "spec.virtualhost.fqdn"],
  "a wildcard in the middle": [proxy({ virtualhost: { fqdn: "a.*.test" } }), "spec.virtualhost.fqdn"],
  "a port out of range": [sending({ port: 70_000 }), "spec.routes[0].services[0].port"],
  "a port that is a text": [sending({ port: "80" }), "spec.routes[0].services[0].port"],
  "a port between two": [sending({ port: 80.5 }), "spec.routes[0].services[0].port"],
  "a service without a name": [proxy({ routes: [{ services: [{ port: 80 }] }] }), "spec.routes[0].services[0].name"],
  "a negative weight": [sending({ weight: -1 }), "spec.routes[0].services[0].weight"],
  "a protocol that is none": [sending({ protocol: "http2" }), "spec.routes[0].services[0].protocol"],
  "subject names that contradict": [
    sending({ validation: { caSecret: "ca", subjectName: "a", subjectNames: ["b"] } }),
    "spec.routes[0].services[0].validation",
  ],
  "a slow start of no time": [
    sending({ slowStartPolicy: { window: "soon" } }),
    "spec.routes[0].services[0].slowStartPolicy.window",
  ],
  "a time without unit": [routed({ timeoutPolicy: { response: "5" } }), "spec.routes[0].timeoutPolicy.response"],
  "a time in days": [routed({ timeoutPolicy: { idle: "1d" } }), "spec.routes[0].timeoutPolicy.idle"],
  "retries on nothing known": [routed({ retryPolicy: { retryOn: ["6xx"] } }), "spec.routes[0].retryPolicy.retryOn[0]"],
  "a redirect that is none": [
    proxy({ routes: [{ requestRedirectPolicy: { statusCode: 305 } }] }),
    "spec.routes[0].requestRedirectPolicy.statusCode",
  ],
  "a redirect to half a path": [
    proxy({ routes: [{ requestRedirectPolicy: { path: "x" } }] }),
    "spec.routes[0].requestRedirectPolicy.path",
  ],
  "a redirect to no host": [
    proxy({ routes: [{ requestRedirectPolicy: { hostname: "A_b" } }] }),
    "spec.routes[0].requestRedirectPolicy.hostname",
  ],
  "an answer that is none": [
    proxy({ routes: [{ directResponsePolicy: { statusCode: 600 } }] }),
    "spec.routes[0].directResponsePolicy.statusCode",
  ],
  "a cookie that no browser takes": [
    routed({ cookieRewritePolicies: [{ name: "a b" }] }),
    "spec.routes[0].cookieRewritePolicies[0].name",
  ],
  "a cookie for half a page": [
    routed({ cookieRewritePolicies: [{ name: "a", pathRewrite: { value: "/x;y" } }] }),
    "spec.routes[0].cookieRewritePolicies[0].pathRewrite.value",
  ],
  "a header condition without a name": [
    routed({ conditions: [{ header: { present: true } }] }),
    "spec.routes[0].conditions[0].header.name",
  ],
  "addresses of nobody": [
    routed({ ipAllowPolicy: [{ source: "peer", cidr: "10.0.0.0/8" }] }),
    "spec.routes[0].ipAllowPolicy[0].source",
  ],
  "a limit of nothing": [
    routed({ rateLimitPolicy: { local: { requests: 0, unit: "second" } } }),
    "spec.routes[0].rateLimitPolicy.local.requests",
  ],
  "a limit without a unit": [
    routed({ rateLimitPolicy: { local: { requests: 1 } } }),
    "spec.routes[0].rateLimitPolicy.local.unit",
  ],
  "a replacement of nothing": [
    routed({ pathRewritePolicy: { replacePrefix: [{ prefix: "/a" }] } }),
    "spec.routes[0].pathRewritePolicy.replacePrefix[0].replacement",
  ],
  "a health check of no status": [
    routed({ healthCheckPolicy: { path: "/", expectedStatuses: [{ start: 99, end: 700 }] } }),
    "spec.routes[0].healthCheckPolicy.expectedStatuses[0].start",
  ],
  "an include without a name": [proxy({ includes: [{ namespace: "a" }] }), "spec.includes[0].name"],
  "an include in no namespace": [proxy({ includes: [{ name: "a", namespace: "A" }] }), "spec.includes[0].namespace"],
  "a Secret of no namespace": [hosted({ tls: { secretName: "A/b" } }), "spec.virtualhost.tls.secretName"],
  "CORS for nobody": [
    hosted({ corsPolicy: { allowOrigin: [], allowMethods: ["GET"] } }),
    "spec.virtualhost.corsPolicy.allowOrigin",
  ],
  "CORS with methods in one text": [
    hosted({ corsPolicy: { allowOrigin: ["*"], allowMethods: ["GET, PUT"] } }),
    "spec.virtualhost.corsPolicy.allowMethods[0]",
  ],
  "a JWT provider without keys": [hosted({ jwtProviders: [{ name: "a" }] }), "spec.virtualhost.jwtProviders[0]"],
  "HTTP settings of a gRPC service": [
    hosted({ authorization: { httpSettings: {} } }),
    "spec.virtualhost.authorization",
  ],
  "a header by two names": [
    hosted({
      authorization: { serviceType: "http", httpSettings: { allowedUpstreamHeaders: [{ exact: "a", prefix: "b" }] } },
    }),
    "spec.virtualhost.authorization.httpSettings.allowedUpstreamHeaders[0]",
  ],
  "a delegation to nobody": [
    {
      apiVersion: "projectcontour.io/v1",
      kind: "TLSCertificateDelegation",
      metadata: { name: "bad", namespace: "team" },
      spec: { delegations: [{ secretName: "a" }] },
    },
    "spec.delegations[0].targetNamespaces",
  ],
  "an extension of no service": [
    {
      apiVersion: "projectcontour.io/v1alpha1",
      kind: "ExtensionService",
      metadata: { name: "bad", namespace: "team" },
      spec: { services: [] },
    },
    "spec.services",
  ],
  "an IngressRoute with a wildcard": [ingressRoute({ virtualhost: { fqdn: "*.test" } }), "spec.virtualhost.fqdn"],
  "a match that is no path": [ingressRoute({ routes: [{ match: "a", services: [service] }] }), "spec.routes[0].match"],
  "services and a delegate": [
    ingressRoute({ routes: [{ match: "/", services: [service], delegate: { name: "a" } }] }),
    "spec.routes[0]",
  ],
  "neither services nor a delegate": [ingressRoute({ routes: [{ match: "/" }] }), "spec"],
  "WebSockets to two services": [
    ingressRoute({ routes: [{ match: "/", services: [service, service], enableWebsockets: true }] }),
    "spec.routes[0]",
  ],
  "TCP to nowhere": [ingressRoute({ tcpproxy: {} }), "spec.tcpproxy"],
};
