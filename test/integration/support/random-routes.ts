import type { Random } from "./random.ts";

/** Services that routes name; there is none of the last. */
export const SERVICES: readonly string[] = ["s1", "s2", "gone"];

const PREFIXES = ["/", "/a", "/a/", "/ab", "/b//c", "", "x", "/q?x"];

export type Spec = Record<string, unknown>;

/** Random routes of HTTPProxies: valid by schema, with every way to be wrong beyond it. */
export class RandomRoutes {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** A route with conditions, one action (sometimes several), and some of its policies. */
  route(): Spec {
    const random = this.#random;
    const actions: Spec[] = [
      { services: Array.from({ length: 1 + random.below(3) }, () => this.service()) },
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
      { ipAllowPolicy: [this.range()] },
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
    return Object.assign({ conditions: this.conditions() }, ...chosen, ...random.some(extras, 3)) as Spec;
  }

  conditions(): Spec[] {
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

  /** A service of a route or a tcpproxy. */
  service(): Spec {
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

  /** Of an IP filter. */
  range(): Spec {
    return {
      source: this.#random.pick(["Peer", "Remote"]),
      cidr: this.#random.pick(["10.0.0.0/8", "::1", "all", "10.0.0.0/99"]),
    };
  }
}
