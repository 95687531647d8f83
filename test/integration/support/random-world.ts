import type { Resource } from "#resources/resource.ts";
import { validate } from "#resources/validate.ts";
import { type Certificate, certificateAuthority } from "./certificate.ts";
import type { Random } from "./random.ts";

const NAMESPACES = ["t1", "t2", "t3"];
const SERVICES = ["s1", "s2", "s3"];
const HOSTS = ["", "a.test", "b.test", "www.a.test", "x.y.a.test", "*.a.test", "*.y.a.test", "*.test"];
const PATHS = ["/", "/x", "/x/", "/x/y", "/long/path", "/odd.(path)+", "/q?x"];
const ADDRESSES = ["10.0.0.1", "10.0.0.2", "127.0.0.1", "192.0.2.1", "10.1.0.1"];
const DATES = ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", undefined, undefined];

const INGRESS_ANNOTATIONS: readonly Readonly<Record<string, string>>[] = [
  {},
  {},
  { "projectcontour.io/tls-minimum-protocol-version": "1.3" },
  { "projectcontour.io/tls-maximum-protocol-version": "1.2" },
  { "binnacle.dev/ssl-redirect": "false" },
  { "kubernetes.io/ingress.allow-http": "false" },
  { "kubernetes.io/ingress.class": "nginx" },
  { "projectcontour.io/num-retries": "3", "projectcontour.io/response-timeout": "1s" },
];

const SERVICE_ANNOTATIONS: readonly Readonly<Record<string, string>>[] = [
  {},
  {},
  { "binnacle.dev/health-check-path": "/live" },
  { "projectcontour.io/upstream-protocol.h2c": "80" },
  { "projectcontour.io/max-connections": "7" },
  { "binnacle.dev/outlier-detection": "off" },
];

/** Random valid objects of every kind, few names and many ways to meet. */
export class RandomWorld {
  readonly #random: Random;
  readonly #pairs: readonly Certificate[];

  constructor(random: Random, pairs: readonly Certificate[]) {
    this.#random = random;
    this.#pairs = pairs;
  }

  /** Certificates for a whole run: they cost more than all the rest. */
  static pairs(): readonly Certificate[] {
    const authority = certificateAuthority();
    const [one, two] = [authority.issue(["one.test"]), authority.issue(["two.test"])];
    return [one, two, { cert: one.cert, key: two.key }, { cert: "nothing", key: "nothing" }];
  }

  object(): Resource {
    const random = this.#random;
    const namespace = random.pick(NAMESPACES);
    return random.pick([
      () => this.#ingress(namespace),
      () => this.#ingress(namespace),
      () => this.#service(namespace),
      () => this.#slice(namespace),
      () => this.#slice(namespace),
      () => this.#endpoints(namespace),
      () => this.#secret(namespace),
      () => this.#ingressClass(),
      () => this.#namespace(namespace),
    ])();
  }

  #ingress(namespace: string): Resource {
    const random = this.#random;
    const rules = random.some(HOSTS, 3).map((host) => ({
      host,
      ...(random.chance(0.1)
        ? {}
        : { http: { paths: Array.from({ length: 1 + random.below(3) }, () => this.#path()) } }),
    }));
    const tls = random.chance(0.4)
      ? [{ hosts: random.some(HOSTS.filter(Boolean), 2), secretName: random.pick(["c1", "c2", "never"]) }]
      : [];
    return this.#read(
      { apiVersion: "networking.k8s.io/v1", kind: "Ingress" },
      { name: random.pick(["i1", "i2", "i3"]), namespace, annotations: random.pick(INGRESS_ANNOTATIONS) },
      {
        spec: {
          ...(random.chance(0.2) ? { ingressClassName: random.pick(["binnacle", "edge", "nginx"]) } : {}),
          ...(random.chance(0.3) || rules.length === 0 ? { defaultBackend: this.#backend() } : {}),
          rules,
          tls,
        },
      },
    );
  }

  #path(): object {
    const pathType = this.#random.pick(["Prefix", "Prefix", "Exact", "ImplementationSpecific"]);
    return { path: this.#random.pick(PATHS), pathType, backend: this.#backend() };
  }

  #backend(): object {
    const random = this.#random;
    if (random.chance(0.05)) return { resource: { kind: "Bucket", name: "icons" } };
    const port = random.pick([{ number: 80 }, { number: 80 }, { name: "http" }, { number: 81 }]);
    return { service: { name: random.pick(SERVICES), port } };
  }

  #service(namespace: string): Resource {
    const random = this.#random;
    const name = random.pick(SERVICES);
    const spec = random.chance(0.1)
      ? { type: "ExternalName", externalName: random.pick(["db.example.com", "localhost", "127.0.0.1"]) }
      : {
          ports: [
            { name: "http", port: 80, ...random.pick([{}, { appProtocol: "kubernetes.io/h2c" }]) },
            ...random.pick([[], [{ name: "more", port: 81 }], [{ name: "udp", port: 80, protocol: "UDP" }]]),
          ],
        };
    const annotations = random.pick(SERVICE_ANNOTATIONS);
    return this.#read({ apiVersion: "v1", kind: "Service" }, { name, namespace, annotations }, { spec });
  }

  #slice(namespace: string): Resource {
    const random = this.#random;
    const service = random.pick(SERVICES);
    const names = random.chance(0.1);
    const endpoints = random.some(names ? ["b.example.com", "localhost"] : ADDRESSES, 3).map((address) => ({
      addresses: [address],
      conditions: random.pick([{}, { ready: false, serving: true, terminating: true }, { ready: false }]),
      ...random.pick([{}, { zone: "east" }, { zone: "west" }]),
    }));
    return this.#read(
      { apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice" },
      { name: `${service}-${random.below(2)}`, namespace, labels: { "kubernetes.io/service-name": service } },
      {
        addressType: names ? "FQDN" : "IPv4",
        ports: random.pick([[{ name: "http", port: 8080 }], [{ name: "http", port: 9090 }], [{ port: 8080 }]]),
        endpoints,
      },
    );
  }

  #endpoints(namespace: string): Resource {
    const random = this.#random;
    const addresses = random.some(ADDRESSES, 2).map((ip) => ({ ip }));
    const subsets = addresses.length === 0 ? [] : [{ addresses, ports: [{ name: "http", port: 8080 }] }];
    return this.#read({ apiVersion: "v1", kind: "Endpoints" }, { name: random.pick(SERVICES), namespace }, { subsets });
  }

  #secret(namespace: string): Resource {
    const { cert, key } = this.#random.pick(this.#pairs);
    return this.#read(
      { apiVersion: "v1", kind: "Secret", type: "kubernetes.io/tls" },
      { name: this.#random.pick(["c1", "c2"]), namespace },
      { stringData: { "tls.crt": cert, "tls.key": key } },
    );
  }

  #ingressClass(): Resource {
    const random = this.#random;
    const annotations = random.chance(0.3) ? { "ingressclass.kubernetes.io/is-default-class": "true" } : {};
    const controller = random.pick(["binnacle.dev/ingress-controller", "k8s.io/ingress-nginx"]);
    return this.#read(
      { apiVersion: "networking.k8s.io/v1", kind: "IngressClass" },
      { name: random.pick(["edge", "binnacle", "nginx"]), annotations },
      { spec: { controller } },
    );
  }

  #namespace(name: string): Resource {
    const annotations = this.#random.pick([{}, { "binnacle.dev/last-good": "off" }]);
    return this.#read({ apiVersion: "v1", kind: "Namespace" }, { name, annotations }, {});
  }

  #read(head: object, metadata: object, rest: object): Resource {
    const creationTimestamp = this.#random.pick(DATES);
    const dated = creationTimestamp === undefined ? metadata : { ...metadata, creationTimestamp };
    const checked = validate({ ...head, metadata: dated, ...rest }, { unknownFields: "error" });
    if (checked.type !== "accepted") throw new Error(`a random object is not valid: ${JSON.stringify(checked)}`);
    return checked.object;
  }
}
