import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { ObjectRef } from "#resources/ref.ts";
import { refOf, type Resource } from "#resources/resource.ts";
import { validate } from "#resources/validate.ts";
import { MemoryArchive } from "#store/archive.ts";
import { Store } from "#store/store.ts";
import { TRANSLATION_INDEXES } from "./indexes.ts";
import type { TranslateSettings } from "./settings.ts";
import { type TranslationDelta, Translator } from "./translator.ts";
import { translationUnits } from "./units.ts";

const LISTENER = { address: "127.0.0.1", proxyProtocol: false, trustedHops: 0, service: undefined } as const;
const SETTINGS: TranslateSettings = {
  listeners: [
    { ...LISTENER, name: "http", port: 80, protocol: "http" },
    { ...LISTENER, name: "db", port: 5432, protocol: "tcp", service: { namespace: "team", name: "db", port: 5432 } },
  ],
  ingressClass: "binnacle",
  claimUnclassed: true,
  httpsRedirect: true,
  proxies: { rootNamespaces: [], permitInsecure: true },
  tls: { minimumVersion: "1.2", maximumVersion: "1.3" },
  requestTimeout: 15_000,
  connectTimeout: 2_000,
  upstreams: { allowLocal: [], ownAddresses: [], externalName: true },
};

test("a unit whose builder throws stays as it was and takes no other with it, until what it read changes", () => {
  const store = new Store({ indexes: TRANSLATION_INDEXES, archive: new MemoryArchive(), now: () => 0 });
  const units = translationUnits(SETTINGS);
  let isBroken = false;
  const defects: string[] = [];
  const translator = new Translator({
    store,
    names: new Map(),
    gateways: new Map(),
    ...units,
    builders: {
      ...units.builders,
      host: (key, read) => {
        const built = units.builders.host(key, read);
        if (isBroken && key === "a.test") throw new Error("a defect");
        return built;
      },
    },
    onDefect: (unit, error) => defects.push(`${unit}: ${String(error)}`),
  });
  store.onChange((event) => translator.mark(event));
  const put = (...objects: readonly Resource[]): readonly string[] => {
    store.apply(objects.map((object) => ({ type: "put", object, origin: { file: "a.yaml" } })));
    translator.run();
    return translator.items().flatMap(({ item }) => (item.type === "virtualHost" ? JSON.stringify(item) : []));
  };
  const before = put(ingress("a", "a.test", ["old"]));
  isBroken = true;
  const broken = put(ingress("a", "a.test", ["new"]), ingress("b", "b.test"));
  assert.deepEqual(defects, ["host:a.test: Error: a defect"]);
  assert.deepEqual(
    broken.filter((host) => host.includes("a.test")),
    before,
  );
  assert.ok(broken.some((host) => host.includes("b.test")));
  isBroken = false;
  const mended = put(ingress("a", "a.test", ["newer"]));
  assert.ok(mended.some((host) => host.includes("/newer")));
});

/** A store and its translation; each change answers with what was built because of it. */
class Translated {
  readonly store = new Store({ indexes: TRANSLATION_INDEXES, archive: new MemoryArchive(), now: () => 0 });
  readonly translator = new Translator({
    store: this.store,
    names: new Map(),
    gateways: new Map(),
    ...translationUnits(SETTINGS),
  });

  constructor(...objects: readonly Resource[]) {
    this.store.onChange((event) => this.translator.mark(event));
    this.put(...objects);
  }

  put(...objects: readonly Resource[]): TranslationDelta {
    this.store.apply(objects.map((object) => ({ type: "put", object, origin: { file: "a.yaml" } })));
    return this.translator.run();
  }

  remove(...objects: readonly Resource[]): TranslationDelta {
    this.store.apply(objects.map((object) => ({ type: "delete", ref: refOf(object) })));
    return this.translator.run();
  }

  names(): readonly string[] {
    return this.translator.items().map(({ item }) => `${item.type} ${item.name}`);
  }
}

function read(document: object): Resource {
  const checked = validate(document, { unknownFields: "error" });
  if (checked.type !== "accepted") throw new Error(JSON.stringify(checked));
  return checked.object;
}

function ingress(name: string, host: string, services: readonly string[] = ["shop"], more: object = {}): Resource {
  const paths = services.map((service) => ({
    path: `/${service}`,
    pathType: "Prefix",
    backend: { service: { name: service, port: { number: 80 } } },
  }));
  return read({
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: { name, namespace: "team" },
    spec: { rules: [{ host, http: { paths } }], ...more },
  });
}

function service(name: string, port = 80, annotations: Readonly<Record<string, string>> = {}): Resource {
  const metadata = { name, namespace: "team", annotations };
  return read({ apiVersion: "v1", kind: "Service", metadata, spec: { ports: [{ port }] } });
}

function slice(service: string, ...addresses: readonly string[]): Resource {
  return read({
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: `${service}-1`, namespace: "team", labels: { "kubernetes.io/service-name": service } },
    addressType: "IPv4",
    ports: [{ port: 8080 }],
    endpoints: addresses.map((address) => ({ addresses: [address] })),
  });
}

const SHOP = [ingress("shop", "shop.test"), service("shop"), slice("shop", "10.0.0.1")] as const;
const SERVICE_REF: ObjectRef = { kind: "Service", namespace: "team", name: "shop" };

suite("Translator", () => {
  test("at first everything is built, and what is not needed is not", () => {
    const translated = new Translated();
    const { built } = translated.put(...SHOP, service("unused"));
    assert.deepEqual([...built].sort(), ["host:shop.test", "upstream:local/team/shop/80"]);
    assert.deepEqual(translated.names(), [
      "cluster local/team/shop/80",
      "endpoints local/team/shop/80",
      "listener db",
      "listener http",
      "routeTable http",
      "virtualHost http/shop.test",
    ]);
  });

  test("a change of endpoints builds their upstream alone", () => {
    const translated = new Translated(...SHOP, ingress("blog", "blog.test", ["blog"]), service("blog"));
    const { built, upserts, removals } = translated.put(slice("shop", "10.0.0.1", "10.0.0.2"));
    assert.deepEqual(built, ["upstream:local/team/shop/80"]);
    assert.deepEqual([upserts.length, removals.length], [2, 0]);
  });

  test("a change of an Ingress builds its hosts, before and after", () => {
    const translated = new Translated(...SHOP, ingress("other", "other.test"));
    assert.deepEqual(translated.put(ingress("shop", "shop.test", ["shop", "more"])).built, ["host:shop.test"]);
    const { built, removals } = translated.put(ingress("shop", "moved.test"));
    assert.deepEqual([...built].sort(), ["host:moved.test", "host:shop.test"]);
    assert.deepEqual(removals, [{ type: "virtualHost", name: "http/shop.test" }]);
  });

  test("a Service that appears, changes and goes builds those that name it", () => {
    const [shop, ...rest] = SHOP;
    const translated = new Translated(shop, ingress("other", "other.test", ["other"]), ...rest.slice(1));
    assert.match(translated.translator.verdicts(refOf(shop))[0]?.message ?? "", /Service team\/shop does not exist/);
    const appeared = translated.put(service("shop"));
    assert.deepEqual([...appeared.built].sort(), ["host:shop.test", "upstream:local/team/shop/80"]);
    assert.deepEqual(translated.translator.verdicts(refOf(shop)), []);
    assert.deepEqual(appeared.judged, [refOf(shop)]);
    const changed = translated.put(service("shop", 80, { "projectcontour.io/max-connections": "7" }));
    assert.deepEqual([...changed.built].sort(), ["host:shop.test", "upstream:local/team/shop/80"]);
    const gone = translated.remove(service("shop"));
    assert.deepEqual(
      gone.removals.map(({ type }) => type),
      ["cluster", "endpoints"],
    );
    assert.equal(translated.translator.verdicts(refOf(shop)).length, 1);
  });

  test("an upstream stands as long as somebody needs it", () => {
    const other = ingress("other", "other.test");
    const translated = new Translated(...SHOP, other);
    assert.deepEqual(translated.translator.dependants("upstream:local/team/shop/80"), [
      "host:other.test",
      "host:shop.test",
    ]);
    assert.deepEqual(
      translated.remove(other).removals.map(({ type }) => type),
      ["virtualHost"],
    );
    assert.deepEqual(
      translated.remove(SHOP[0]).removals.map(({ type }) => type),
      ["cluster", "endpoints", "virtualHost"],
    );
    // Nobody reads its objects any more.
    assert.deepEqual(translated.put(slice("shop", "10.0.0.9")).built, []);
  });

  test("a listener of a Service follows it", () => {
    const translated = new Translated();
    assert.match(
      translated.translator.verdicts({ ...SERVICE_REF, name: "db" })[0]?.message ?? "",
      /connections are closed/,
    );
    const { built } = translated.put(service("db", 5432));
    assert.deepEqual([...built].sort(), ["listener:db", "upstream:local/team/db/5432"]);
    assert.deepEqual(translated.translator.verdicts({ ...SERVICE_REF, name: "db" }), []);
  });

  test("a class that comes later is asked about the Ingresses that name it", () => {
    const edge = read({
      apiVersion: "networking.k8s.io/v1",
      kind: "IngressClass",
      metadata: { name: "edge" },
      spec: { controller: "binnacle.dev/ingress-controller" },
    });
    const translated = new Translated(
      ingress("shop", "shop.test", ["shop"], { ingressClassName: "edge" }),
      ingress("other", "other.test", ["shop"], { ingressClassName: "binnacle" }),
      service("shop"),
    );
    assert.ok(!translated.names().includes("virtualHost http/shop.test"));
    assert.deepEqual(translated.put(edge).built, ["host:shop.test"]);
    assert.ok(translated.names().includes("virtualHost http/shop.test"));
    translated.remove(edge);
    assert.ok(!translated.names().includes("virtualHost http/shop.test"));
  });

  test("an item names the objects that answer for it, as they were read", () => {
    const translated = new Translated(...SHOP, ingress("more", "shop.test", ["more"]));
    const sources = new Map(
      translated.translator.items().map(({ item, sources: from }) => [item.type, from.map(({ ref }) => ref.name)]),
    );
    assert.deepEqual(sources.get("virtualHost"), ["more", "shop"]);
    assert.deepEqual([sources.get("cluster"), sources.get("endpoints")], [["shop"], ["shop-1"]]);
    for (const { sources: from } of translated.translator.items())
      for (const { ref, hash } of from) assert.equal(hash, translated.store.state(ref)?.inUse?.hash);
  });

  test("one permission more or less builds those whom it is for, and nobody else of the same object or Secret", () => {
    const host = (namespace: string, secret: string): Resource =>
      read({
        apiVersion: "projectcontour.io/v1",
        kind: "HTTPProxy",
        metadata: { name: secret, namespace },
        spec: {
          virtualhost: { fqdn: `${secret}.${namespace}.test`, tls: { secretName: `certs/${secret}` } },
          routes: [{ directResponsePolicy: { statusCode: 200 } }],
        },
      });
    const delegation = (delegations: Readonly<Record<string, readonly string[]>>): Resource =>
      read({
        apiVersion: "projectcontour.io/v1",
        kind: "TLSCertificateDelegation",
        metadata: { name: "all", namespace: "certs" },
        spec: {
          delegations: Object.entries(delegations).map(([secretName, targetNamespaces]) => ({
            secretName,
            targetNamespaces,
          })),
        },
      });
    const translated = new Translated(
      ...["a", "b"].flatMap((namespace) => ["one", "two"].map((secret) => host(namespace, secret))),
      delegation({ one: ["a"], two: ["a", "b"] }),
    );
    const builtBy = (delegations: Readonly<Record<string, readonly string[]>>): readonly string[] =>
      translated.put(delegation(delegations)).built.toSorted();
    assert.deepEqual(builtBy({ one: ["a", "b"], two: ["a", "b"] }), ["host:one.b.test"]);
    assert.deepEqual(builtBy({ two: ["b", "a"], one: ["b", "a"], three: ["a"] }), [], "another order, another Secret");
    assert.deepEqual(builtBy({ one: ["a", "b"], two: ["b"] }), ["host:two.a.test"]);
    assert.deepEqual(builtBy({ one: ["*"], two: ["b"] }), ["host:one.a.test", "host:one.b.test"], "given otherwise");
    assert.deepEqual(translated.remove(delegation({})).built.toSorted(), [
      "host:one.a.test",
      "host:one.b.test",
      "host:two.b.test",
    ]);
  });

  test("a change that touches nothing that was read builds nothing", () => {
    const translated = new Translated(...SHOP);
    const { built, upserts, judged } = translated.put(
      service("unused"),
      slice("unused", "10.0.0.1"),
      read({ apiVersion: "v1", kind: "Namespace", metadata: { name: "team" } }),
    );
    assert.deepEqual([built, upserts, judged], [[], [], []]);
  });
});
