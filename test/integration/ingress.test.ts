import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { Gateway } from "./support/gateway.ts";
import { ingress, service, together } from "./support/manifests.ts";
import { Upstream } from "./support/upstream.ts";

const backend = (name: string): object => ({ service: { name, port: { number: 80 } } });

function rules(name: string, spec: object): string {
  const metadata = { name, namespace: "team" };
  return JSON.stringify({ apiVersion: "networking.k8s.io/v1", kind: "Ingress", metadata, spec });
}

function paths(host: string, ...routes: readonly (readonly [type: string, path: string, service: string])[]): object {
  return {
    host,
    http: { paths: routes.map(([pathType, path, name]) => ({ pathType, path, backend: backend(name) })) },
  };
}

suite("what an Ingress says, and what Envoy answers", () => {
  const stack = new AsyncDisposableStack();
  let gateway: Gateway;
  /** The body that comes back: the name of the Service that answered. */
  const answered = async (host: string, path: string): Promise<string | number> => {
    const { status, body } = await gateway.get(host, path);
    return status === 200 ? body : status;
  };

  before(async () => {
    gateway = stack.use(await Gateway.start());
    const services = ["a", "b", "c", "rest", "all"];
    for (const name of services) {
      const upstream = stack.use(await Upstream.start({ respond: () => ({ body: name }) }));
      gateway.apply(service("team", name, [upstream]));
    }
    gateway.apply(service("team", "empty", []));
    gateway.apply(
      together(
        rules("paths", {
          rules: [
            paths(
              "paths.test",
              ["Prefix", "/", "rest"],
              ["Prefix", "/foo", "a"],
              ["Prefix", "/foo/bar/", "b"],
              ["Exact", "/foo", "c"],
              ["Exact", "/slash/", "c"],
              ["ImplementationSpecific", "/impl", "b"],
              ["Prefix", "/odd.(chars)+", "b"],
            ),
          ],
        }),
        rules("hosts", {
          rules: [
            paths("shop.test", ["Prefix", "/", "a"]),
            paths("*.shop.test", ["Prefix", "/", "b"]),
            paths("*.eu.shop.test", ["Prefix", "/", "c"]),
          ],
        }),
        rules("defaults", {
          defaultBackend: backend("rest"),
          rules: [paths("defaults.test", ["Prefix", "/app", "a"]), { host: "bare.test" }],
        }),
        rules("broken", {
          rules: [
            paths("broken.test", ["Prefix", "/", "a"], ["Prefix", "/gone", "gone"], ["Prefix", "/empty", "empty"]),
          ],
        }),
        ingress("team", "silent", "silent.test", "a", { annotations: { "kubernetes.io/ingress.allow-http": "false" } }),
      ),
    );
    await gateway.open();
  });
  after(() => stack.disposeAsync());

  test("exact before prefix, the longest prefix, whole path elements, trailing slashes", async () => {
    const expected = {
      "/": "rest",
      "/foo": "c",
      "/foo/": "a",
      "/foo/x": "a",
      "/foobar": "rest",
      "/foo/bar": "b",
      "/foo/bar/": "b",
      "/foo/bar/x": "b",
      "/foo/barx": "a",
      "/foo?q=/foo/bar": "c",
      "/slash/": "c",
      "/slash": "rest",
      "/impl/x": "b",
      "/FOO": "rest",
      "/odd.(chars)+/x": "b",
      "/oddX(chars)+": "rest",
    };
    const found: Record<string, string | number> = {};
    for (const path of Object.keys(expected)) found[path] = await answered("paths.test", path);
    assert.deepEqual(found, expected);
  });

  test("hosts: exact, a wildcard for one label, in any case, with any port", async () => {
    const expected = {
      "shop.test": "a",
      "SHOP.Test": "a",
      "shop.test:8443": "a",
      "shop.test.": "a",
      "www.shop.test": "b",
      "WWW.Shop.TEST": "b",
      "www.shop.test:80": "b",
      "eu.shop.test": "b",
      "de.eu.shop.test": "c",
      "x.de.eu.shop.test": 404,
      "x.y.shop.test": 404,
      "other.test": 404,
      ".shop.test": 404,
      "shop.test.evil.test": 404,
    };
    const found: Record<string, string | number> = {};
    for (const host of Object.keys(expected)) found[host] = await answered(host, "/");
    assert.deepEqual(found, expected);
  });

  test("a default backend takes what its own hosts' paths leave", async () => {
    assert.deepEqual(
      [
        await answered("defaults.test", "/app"),
        await answered("defaults.test", "/x"),
        await answered("bare.test", "/"),
      ],
      ["a", "rest", "rest"],
    );
  });

  test("a missing Service and one without endpoints answer 503 at once, on their paths alone", async () => {
    const gone = await gateway.get("broken.test", "/gone");
    assert.deepEqual([gone.status, gone.body], [503, "no upstream: backend not found\n"]);
    const empty = await gateway.get("broken.test", "/empty");
    assert.deepEqual([empty.status, empty.body], [503, "no healthy upstream"]);
    assert.equal(await answered("broken.test", "/"), "a");
  });

  test("a rule for every host comes after all that are named, and does not answer for those that want no HTTP", async () => {
    gateway.apply(rules("all", { defaultBackend: backend("all") }));
    await gateway.settled();
    const expected = {
      "other.test": "all",
      "other.test:8080": "all",
      "10.0.0.1": "all",
      "shop.test": "a",
      "www.shop.test": "b",
      // One label is what a Kubernetes wildcard covers: deeper names are nobody's, so they are everybody's.
      "x.y.shop.test": "all",
      "silent.test": 404,
    };
    const found: Record<string, string | number> = {};
    for (const host of Object.keys(expected)) found[host] = await answered(host, "/");
    assert.deepEqual(found, expected);
  });

  test("an Ingress that goes takes its host with it", async () => {
    assert.equal(await answered("paths.test", "/foo"), "c");
    gateway.delete({ kind: "Ingress", namespace: "team", name: "paths" });
    gateway.delete({ kind: "Ingress", namespace: "team", name: "all" });
    await gateway.settled();
    assert.deepEqual([await answered("paths.test", "/foo"), await answered("other.test", "/")], [404, 404]);
  });
});
