import { validate } from "#resources/validate.ts";
import type { Resource } from "#resources/resource.ts";
import { RandomRoutes, SERVICES, type Spec } from "./random-routes.ts";
import { NAMESPACES, RandomVirtualHosts } from "./random-virtual-hosts.ts";
import type { Random } from "./random.ts";

const ADDRESSES = ["127.0.0.2", "127.0.0.3", "127.0.0.4"];
const PARTS = ["p1", "p2", "p3", "p4"];
const DATES = ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"];

/** Random trees of HTTPProxies: valid by schema, with every way to be wrong beyond it. Few names and many ways to meet. */
export class RandomProxies {
  readonly #random: Random;
  readonly #hosts: readonly string[];
  readonly #routes: RandomRoutes;
  readonly #virtualHosts: RandomVirtualHosts;

  constructor(random: Random, hosts: readonly string[]) {
    this.#random = random;
    this.#hosts = hosts;
    this.#routes = new RandomRoutes(random);
    this.#virtualHosts = new RandomVirtualHosts(random, hosts, this.#routes);
  }

  /**
   * A proxy, a delegation, an ExtensionService, a Service or its endpoints; the same name may come again with other content. Nobody
   * listens at an endpoint.
   */
  object(): Resource {
    const random = this.#random;
    if (random.chance(0.2)) return this.#service();
    if (random.chance(0.1)) return this.#slice();
    if (random.chance(0.05)) return this.#chained();
    if (random.chance(0.05)) return this.#delegation();
    if (random.chance(0.05)) return this.#extension();
    const namespace = random.pick(NAMESPACES);
    const isRoot = random.chance(0.3);
    const name = isRoot ? `root-${random.pick(this.#hosts).replaceAll(/[^a-z0-9]/g, "")}` : random.pick(PARTS);
    return read({
      apiVersion: "projectcontour.io/v1",
      kind: "HTTPProxy",
      metadata: {
        name,
        namespace,
        creationTimestamp: random.pick(DATES),
        annotations: { ...this.#preference(), ...this.#answers() },
      },
      spec: {
        ...(random.chance(0.05) ? { ingressClassName: "nginx" } : {}),
        ...(isRoot ? { virtualhost: this.#virtualHosts.virtualHost() } : {}),
        ...(random.chance(0.15) ? { tcpproxy: this.#tcp() } : {}),
        includes: random.some(PARTS, 3).map((part) => this.#include(part)),
        routes: Array.from({ length: random.below(4) }, () => this.#routes.route()),
      },
    });
  }

  /** A root whose chain is right: of any Services few would take over from each other. */
  #chained(): Resource {
    const random = this.#random;
    const namespace = random.pick(NAMESPACES);
    const [first = "", second = ""] = random.shuffled(["s1", "s2"]);
    const preferZones = random.chance(0.3) ? { "binnacle.dev/prefer-zones": "east" } : {};
    return read({
      apiVersion: "projectcontour.io/v1",
      kind: "HTTPProxy",
      metadata: {
        name: "chained",
        namespace,
        creationTimestamp: random.pick(DATES),
        annotations: { "binnacle.dev/failover": `${first} > ${second}`, ...preferZones, ...this.#answers() },
      },
      spec: {
        virtualhost: { fqdn: random.pick(this.#hosts.filter((host) => !host.startsWith("*"))) },
        routes: [{ conditions: this.#routes.conditions(), services: [{ name: first, port: 80 }] }],
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
    const chain = random.shuffled([...SERVICES, "s1:81"]).slice(0, 2 + random.below(2));
    return {
      ...(random.chance(0.2) ? { "binnacle.dev/failover": chain.join(" > ") } : {}),
      ...(random.chance(0.1) ? { "binnacle.dev/prefer-backends": random.pick(["east", "local", "local, east"]) } : {}),
      ...(random.chance(0.1) ? { "binnacle.dev/prefer-zones": random.pick(["east", "west, east", "nowhere"]) } : {}),
    };
  }

  /** What becomes of answers, and of what is logged of requests. */
  #answers(): Readonly<Record<string, string>> {
    const random = this.#random;
    const compression = { "binnacle.dev/compression": random.pick(["on", "off", "gzip", "zstd, br"]) };
    const types = random.chance(0.3) ? { "binnacle.dev/compression-types": "text/html, text/plain" } : {};
    return {
      ...(random.chance(0.4) ? { ...compression, ...types } : {}),
      ...(random.chance(0.15) ? { "binnacle.dev/access-log-share": random.pick(["0", "0.5", "100"]) } : {}),
    };
  }

  #tcp(): Spec {
    const random = this.#random;
    return {
      ...(random.chance(0.7) ? { services: this.#services() } : {}),
      ...(random.chance(0.4) ? { include: { name: random.pick(PARTS) } } : {}),
    };
  }

  /** Several share connections by their weights, of which some are 0. */
  #services(): readonly Spec[] {
    const service = this.#routes.service();
    return this.#random.chance(0.5) ? [service] : [service, this.#routes.service()];
  }

  #include(name: string): Spec {
    const random = this.#random;
    const namespace = random.chance(0.4) ? { namespace: random.pick(NAMESPACES) } : {};
    return { name, ...namespace, conditions: this.#routes.conditions() };
  }

  #service(): Resource {
    const random = this.#random;
    const labels = random.chance(0.3) ? { "gimbal.projectcontour.io/backend": "east" } : {};
    const annotations = {
      ...(random.chance(0.2) ? { "projectcontour.io/upstream-protocol.h2c": "80" } : {}),
      ...(random.chance(0.2) ? { "binnacle.dev/prefer-zones": random.pick(["east", "west, east"]) } : {}),
      ...(random.chance(0.1) ? { "binnacle.dev/outlier-detection": "off" } : {}),
    };
    return read({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: random.pick(["s1", "s2"]), namespace: random.pick(NAMESPACES), labels, annotations },
      spec: { ports: [{ port: 80 }] },
    });
  }

  #slice(): Resource {
    const random = this.#random;
    const service = random.pick(["s1", "s2"]);
    const endpoints = random.some(ADDRESSES, 3).map((address) => ({
      addresses: [address],
      conditions: random.pick([{}, { ready: false, serving: true, terminating: true }, { ready: false }]),
      ...random.pick([{}, { zone: "east" }, { zone: "west" }]),
    }));
    const labels = { "kubernetes.io/service-name": service };
    return read({
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { name: `${service}-${random.below(2)}`, namespace: random.pick(NAMESPACES), labels },
      addressType: "IPv4",
      ports: [{ port: 9 }],
      endpoints,
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
        services: [random.pick(SERVICES), ...random.some(SERVICES, 2)].map((name) => ({
          name,
          port: 80,
          ...(random.chance(0.5) ? { weight: random.pick([0, 1, 5]) } : {}),
        })),
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
