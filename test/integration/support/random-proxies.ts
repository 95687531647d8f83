import { validate } from "#resources/validate.ts";
import type { Resource } from "#resources/resource.ts";
import type { Random } from "./random-world.ts";

const NAMESPACES = ["t1", "t2"];
const PARTS = ["p1", "p2", "p3", "p4"];
const SERVICES = ["s1", "s2", "gone"];
const PREFIXES = ["/", "/a", "/a/", "/ab", "/b//c", "", "x", "/q?x"];
const DATES = ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"];

type Spec = Record<string, unknown>;

/** Random trees of HTTPProxies: valid by schema, with every way to be wrong beyond it. Few names and many ways to meet. */
export class RandomProxies {
  readonly #random: Random;
  readonly #hosts: readonly string[];

  constructor(random: Random, hosts: readonly string[]) {
    this.#random = random;
    this.#hosts = hosts;
  }

  /** A proxy, a delegation, an ExtensionService or a Service; the same name may come again with other content. */
  object(): Resource {
    const random = this.#random;
    if (random.chance(0.15)) return this.#service();
    if (random.chance(0.05)) return this.#delegation();
    if (random.chance(0.05)) return this.#extension();
    const namespace = random.pick(NAMESPACES);
    const isRoot = random.chance(0.3);
    const name = isRoot ? `root-${random.pick(this.#hosts).replaceAll(/[^a-z0-9]/g, "")}` : random.pick(PARTS);
    return read({
      apiVersion: "projectcontour.io/v1",
      kind: "HTTPProxy",
      metadata: { name, namespace, creationTimestamp: random.pick(DATES), annotations: this.#preference() },
      spec: {
        ...(random.chance(0.05) ? { ingressClassName: "nginx" } : {}),
        ...(isRoot ? { virtualhost: this.#virtualHost() } : {}),
        ...(random.chance(0.15) ? { tcpproxy: this.#tcp() } : {}),
        includes: random.some(PARTS, 3).map((part) => this.#include(part)),
        routes: Array.from({ length: random.below(4) }, () => this.#route()),
      },
    });
  }

  /** What `object` may make, to be taken away. */
  name(): { kind: "HTTPProxy"; namespace: string; name: string } {
    return { kind: "HTTPProxy", namespace: this.#random.pick(NAMESPACES), name: this.#random.pick(PARTS) };
  }

  /** In which order upstreams are used. */
  #preference(): Readonly<Record<string, string>> {
    const random = this.#random;
    const chain = (): string =>
      random
        .shuffled([...SERVICES, "s1:81"])
        .slice(0, 2 + random.below(2))
        .join(" > ");
    return {
      ...(random.chance(0.2) ? { "binnacle.dev/failover": chain() } : {}),
      ...(random.chance(0.1) ? { "binnacle.dev/prefer-backends": random.pick(["east", "local", "local, east"]) } : {}),
      ...(random.chance(0.1) ? { "binnacle.dev/prefer-zones": random.pick(["east", "west, east", "nowhere"]) } : {}),
    };
  }

  #virtualHost(): Spec {
    const random = this.#random;
    return {
      fqdn: random.pick(this.#hosts),
      ...(random.chance(0.4) ? { tls: this.#tls() } : {}),
      ...(random.chance(0.2)
        ? { corsPolicy: { allowOrigin: [random.pick(["*", "https://a.test", "("])], allowMethods: ["GET"] } }
        : {}),
      ...(random.chance(0.2) ? { ipDenyPolicy: [this.#range()] } : {}),
      ...(random.chance(0.1) ? { ipAllowPolicy: [this.#range()] } : {}),
      ...(random.chance(0.1) ? { rateLimitPolicy: { local: { requests: 5, unit: "second" } } } : {}),
      ...(random.chance(0.1) ? { jwtProviders: [this.#jwtProvider()] } : {}),
      ...(random.chance(0.1) ? { authorization: this.#authorization() } : {}),
    };
  }

  #authorization(): Spec {
    const random = this.#random;
    return {
      extensionRef: { name: random.pick(["e1", "gone"]), namespace: random.pick(NAMESPACES) },
      ...(random.chance(0.3) ? { authPolicy: { disabled: true } } : {}),
      ...(random.chance(0.3) ? { failOpen: true } : {}),
      ...(random.chance(0.3) ? { responseTimeout: random.pick(["1s", "infinity"]) } : {}),
      ...(random.chance(0.3) ? { serviceType: "http" } : {}),
    };
  }

  #jwtProvider(): Spec {
    const random = this.#random;
    const keys = [
      { remoteJWKS: { uri: random.pick(["http://192.0.2.1/jwks", "https://127.0.0.1/", "ftp://a.test", "keys"]) } },
      { localJWKS: { secretName: random.pick(["cert", "gone"]), key: "tls.crt" } },
    ];
    return { name: "p", ...(random.chance(0.5) ? { default: true } : {}), ...random.pick(keys) };
  }

  #tls(): Spec {
    const random = this.#random;
    const clients = [{ skipClientCertValidation: true }, { caSecret: random.pick(["ca", "gone"]) }, {}];
    return {
      ...(random.chance(0.8) ? { secretName: random.pick(["cert", "t2/cert"]) } : {}),
      ...(random.chance(0.2) ? { passthrough: true } : {}),
      ...(random.chance(0.3) ? { minimumProtocolVersion: random.pick(["1.1", "1.3"]) } : {}),
      ...(random.chance(0.3) ? { clientValidation: random.pick(clients) } : {}),
    };
  }

  #tcp(): Spec {
    const random = this.#random;
    return {
      ...(random.chance(0.7) ? { services: [this.#proxyService()] } : {}),
      ...(random.chance(0.4) ? { include: { name: random.pick(PARTS) } } : {}),
    };
  }

  #include(name: string): Spec {
    const random = this.#random;
    const namespace = random.chance(0.4) ? { namespace: random.pick(NAMESPACES) } : {};
    return { name, ...namespace, conditions: this.#conditions() };
  }

  #conditions(): Spec[] {
    const random = this.#random;
    const conditions: Spec[] = [];
    if (random.chance(0.7))
      conditions.push({ [random.pick(["prefix", "prefix", "prefix", "exact", "regex"])]: random.pick(PREFIXES) });
    if (random.chance(0.3))
      conditions.push({ header: { name: random.pick(["X-A", "x-b", "a b"]), ...this.#operator() } });
    if (random.chance(0.2))
      conditions.push({
        queryParameter: {
          name: random.pick(["q", "p"]),
          [random.pick(["exact", "prefix", "contains", "regex"])]: random.pick(["v", "(", ""]),
        },
      });
    return conditions;
  }

  #operator(): Spec {
    const random = this.#random;
    const operator = random.pick(["present", "notpresent", "contains", "notcontains", "exact", "notexact", "regex"]);
    if (operator.endsWith("present")) return { [operator]: true };
    return {
      [operator]: random.pick(["v", "w", "(a", ""]),
      ...(random.chance(0.3) ? { ignoreCase: true } : {}),
      ...(random.chance(0.2) ? { treatMissingAsEmpty: true } : {}),
    };
  }

  #route(): Spec {
    const random = this.#random;
    const actions: Spec[] = [
      { services: Array.from({ length: 1 + random.below(3) }, () => this.#proxyService()) },
      { directResponsePolicy: { statusCode: 200 + random.below(300) } },
      {
        requestRedirectPolicy: {
          ...(random.chance(0.5) ? { path: "/x" } : {}),
          ...(random.chance(0.5) ? { prefix: "/y" } : {}),
        },
      },
    ];
    const extras: Spec[] = [
      { permitInsecure: true },
      { enableWebsockets: true },
      { timeoutPolicy: { response: random.pick(["0s", "infinity", "3s"]), idle: "1m", idleConnection: "5m" } },
      {
        retryPolicy: {
          count: random.pick([-1, 0, 3]),
          retryOn: ["5xx", "retriable-status-codes"],
          retriableStatusCodes: [418],
        },
      },
      {
        loadBalancerPolicy: {
          strategy: random.pick(["Random", "Cookie", "WeightedLeastRequest", "RequestHash", "None"]),
          requestHashPolicies: [{ hashSourceIP: true }],
        },
      },
      { healthCheckPolicy: { path: random.pick(["/live", "live"]) } },
      {
        pathRewritePolicy: {
          replacePrefix: [
            { replacement: random.pick(["/", "/n", "n/"]) },
            ...(random.chance(0.2) ? [{ replacement: "/m" }] : []),
          ],
        },
      },
      {
        requestHeadersPolicy: {
          set: [{ name: random.pick(["Host", "X-A", ":path"]), value: random.pick(["v", "%REQ(x)%", "50%", "%NO%"]) }],
          remove: random.some(["x-b", "x b"], 1),
        },
      },
      { responseHeadersPolicy: { set: [{ name: random.pick(["Host", "X-A"]), value: "v" }] } },
      { cookieRewritePolicies: [{ name: "a", ...(random.chance(0.7) ? { secure: true } : {}) }] },
      { ipAllowPolicy: [this.#range()] },
      {
        rateLimitPolicy: {
          local: {
            requests: 1,
            unit: "hour",
            responseHeadersToAdd: [{ name: random.pick(["x-a", "x a"]), value: "%" }],
          },
        },
      },
      {
        rateLimitPolicy: {
          global: random.chance(0.5) ? { disabled: true } : { descriptors: [{ entries: [{ remoteAddress: {} }] }] },
        },
      },
      { authPolicy: { disabled: random.chance(0.5) } },
      { jwtVerificationPolicy: random.chance(0.5) ? { disabled: true } : { require: random.pick(["p", "q"]) } },
      { internalRedirectPolicy: { allowCrossSchemeRedirect: "SafeOnly", denyRepeatedRouteRedirect: true } },
    ];
    const chosen = random.chance(0.1) ? random.some(actions, 3) : [random.pick(actions)];
    return Object.assign({ conditions: this.#conditions() }, ...chosen, ...random.some(extras, 3)) as Spec;
  }

  #proxyService(): Spec {
    const random = this.#random;
    return {
      name: random.pick(SERVICES),
      port: random.pick([80, 80, 80, 81]),
      ...(random.chance(0.4) ? { weight: random.below(3) } : {}),
      ...(random.chance(0.15) ? { mirror: true } : {}),
      ...(random.chance(0.15) ? { protocol: random.pick(["h2", "h2c", "tls"]) } : {}),
      ...(random.chance(0.1)
        ? { validation: { caSecret: random.pick(["gone", "t1/ca"]), subjectName: "a.test" } }
        : {}),
      ...(random.chance(0.1) ? { slowStartPolicy: { window: random.pick(["10s", "0s"]) } } : {}),
      ...(random.chance(0.1)
        ? { requestHeadersPolicy: { set: [{ name: "Host", value: random.pick(["b.test", "%REQ(x)%"]) }] } }
        : {}),
    };
  }

  #range(): Spec {
    return {
      source: this.#random.pick(["Peer", "Remote"]),
      cidr: this.#random.pick(["10.0.0.0/8", "::1", "all", "10.0.0.0/99"]),
    };
  }

  #service(): Resource {
    const random = this.#random;
    const labels = random.chance(0.3) ? { "gimbal.projectcontour.io/backend": "east" } : {};
    const annotations = random.chance(0.2) ? { "projectcontour.io/upstream-protocol.h2c": "80" } : {};
    return read({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: random.pick(["s1", "s2"]), namespace: random.pick(NAMESPACES), labels, annotations },
      spec: { ports: [{ port: 80 }] },
    });
  }

  #extension(): Resource {
    const random = this.#random;
    return read({
      apiVersion: "projectcontour.io/v1alpha1",
      kind: "ExtensionService",
      metadata: { name: "e1", namespace: random.pick(NAMESPACES) },
      spec: {
        protocol: random.pick(["h2c", "h2", "http/1.1"]),
        services: [{ name: random.pick(SERVICES), port: 80 }],
        ...(random.chance(0.3) ? { validation: { caSecret: "ca", subjectName: "a.test" } } : {}),
      },
    });
  }

  #delegation(): Resource {
    const targetNamespaces = this.#random.some([...NAMESPACES, "*"], 2);
    return read({
      apiVersion: "projectcontour.io/v1",
      kind: "TLSCertificateDelegation",
      metadata: { name: "d", namespace: "t2" },
      spec: { delegations: [{ secretName: "cert", targetNamespaces }] },
    });
  }
}

function read(document: unknown): Resource {
  const checked = validate(document, { unknownFields: "error" });
  if (checked.type === "accepted") return checked.object;
  throw new Error(`a random object is not valid: ${JSON.stringify(checked)} ${JSON.stringify(document)}`);
}
