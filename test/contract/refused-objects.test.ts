import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { VirtualHost } from "#proto/envoy/config/route/v3/route_components.ts";
import type { ObjectRef } from "#resources/ref.ts";
import { type Archive, MemoryArchive } from "#store/archive.ts";
import type { ControlPlane } from "../../src/control-plane.ts";
import { certificateAuthority } from "../integration/support/certificate.ts";
import { changesOf, settingsFor } from "../integration/support/gateway.ts";
import { ingress, service, tlsSecret, together } from "../integration/support/manifests.ts";
import { EnvoyStandIn, type Judgement } from "./support/envoy-stand-in.ts";
import { XdsUnderTest } from "./support/xds-under-test.ts";
import { controlPlaneForTests } from "../../src/main/control-plane-for-tests.ts";

const AN_ENDPOINT = [{ host: "10.0.0.1", port: 8080 }];

/** Refuses what the object or resource whose name holds `bad` makes. */
const noBad: Judgement = (type, name, bytes) => {
  if (type !== "virtualHost") return name.includes("bad") ? `${name} is no good` : undefined;
  const route = VirtualHost.decode(bytes).routes.find((candidate) => candidate.name.includes("bad"));
  return route === undefined ? undefined : "a route is no good";
};

/** As {@link noBad}, and no virtual host with the path /never. */
const noNever: Judgement = (type, name, bytes) =>
  type === "virtualHost" && Buffer.from(bytes).includes("/never") ? "never" : noBad(type, name, bytes);

/** A control plane with a client that judges what comes. */
class Judged implements AsyncDisposable {
  readonly controlPlane: ControlPlane;
  readonly envoy: EnvoyStandIn;
  readonly #xds: XdsUnderTest;

  private constructor(controlPlane: ControlPlane, xds: XdsUnderTest, judge: Judgement) {
    this.controlPlane = controlPlane;
    this.#xds = xds;
    this.envoy = new EnvoyStandIn(xds.client(), judge);
  }

  static async start(judge: Judgement = noBad, archive: Archive = new MemoryArchive()): Promise<Judged> {
    let now = Date.parse("2026-01-01T00:00:00Z");
    const controlPlane = controlPlaneForTests({
      translate: settingsFor(8080, 8443),
      archive,
      now: () => (now += 1_000),
    });
    return new Judged(controlPlane, await XdsUnderTest.start({ snapshot: controlPlane.snapshot, ready: false }), judge);
  }

  /** Applies the objects of each text as one change, and lets everything settle. */
  async apply(...texts: readonly string[]): Promise<void> {
    for (const text of texts) this.controlPlane.store.apply(changesOf(text));
    this.controlPlane.translateNow();
    this.controlPlane.open();
    await this.envoy.settle();
  }

  /** `kind namespace/name` of the refused objects, with Envoy's words. */
  refused(): Record<string, string> {
    return Object.fromEntries(
      this.controlPlane.store
        .states()
        .flatMap(({ ref, refused }) =>
          refused === undefined ? [] : [[`${ref.kind} ${ref.name}`, refused.problems[0]?.message ?? ""]],
        ),
    );
  }

  accepted(ref: ObjectRef): boolean {
    const { inUse, acceptedHash } = this.controlPlane.store.state(ref) ?? {};
    return inUse !== undefined && inUse.hash === acceptedHash;
  }

  routes(virtualHost: string): readonly string[] | undefined {
    const bytes = this.envoy.has.get(`virtualHost ${virtualHost}`);
    return bytes === undefined ? undefined : VirtualHost.decode(bytes).routes.map(({ name }) => name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#xds[Symbol.asyncDispose]();
  }
}

const path = (name: string, value: string): string => ingress("team", name, "a.test", "shop", { path: value });
const shop = service("team", "shop", AN_ENDPOINT);

function namespace(lastGood: string): string {
  return `apiVersion: v1\nkind: Namespace\nmetadata: { name: team, annotations: { binnacle.dev/last-good: "${lastGood}" } }\n`;
}

suite("objects that Envoy refuses", () => {
  test("of several new objects on one host only the cause is refused, whatever their order", async () => {
    for (const names of [
      ["bad", "good-1", "good-2"],
      ["a-good", "bad", "c-good"],
      ["a-good", "b-good", "is-bad"],
    ]) {
      await using judged = await Judged.start();
      await judged.apply(together(...names.map((name) => path(name, `/${name}`)), shop));
      const good = names.filter((name) => !name.includes("bad"));
      assert.deepEqual(Object.keys(judged.refused()), [`Ingress ${names.find((name) => !good.includes(name))}`]);
      assert.deepEqual(judged.routes("http/a.test")?.length, 2);
      for (const name of good) assert.ok(judged.accepted({ kind: "Ingress", namespace: "team", name }), name);
      assert.ok(judged.accepted({ kind: "Service", namespace: "team", name: "shop" }));
      assert.equal(judged.controlPlane.snapshot.unacknowledged, 0);
    }
  });

  test("several causes at once, on several hosts", async () => {
    await using judged = await Judged.start();
    const texts = ["a-good", "b-bad", "c-good", "d-bad"].map((name) => path(name, `/${name}`));
    texts.push(ingress("team", "other-bad", "b.test", "shop"), ingress("team", "other", "c.test", "shop"), shop);
    await judged.apply(together(...texts));
    assert.deepEqual(Object.keys(judged.refused()), ["Ingress b-bad", "Ingress d-bad", "Ingress other-bad"]);
    assert.deepEqual(judged.routes("http/a.test")?.length, 2);
    assert.deepEqual([judged.routes("http/b.test"), judged.routes("http/c.test")?.length], [undefined, 1]);
  });

  test("a change that is refused leaves the form before it in effect, with Envoy's words; a better one is taken", async () => {
    await using judged = await Judged.start(noNever);
    await judged.apply(path("shop", "/old"), shop);
    await judged.apply(path("shop", "/never"));
    assert.match(judged.refused()["Ingress shop"] ?? "", /^Envoy refused .*virtualHost http\/a\.test.*: never$/);
    assert.deepEqual(judged.routes("http/a.test"), ["a.test/Ingress/team/shop/prefix /old"]);
    await judged.apply(path("shop", "/new"));
    assert.deepEqual(judged.refused(), {});
    assert.deepEqual(judged.routes("http/a.test"), ["a.test/Ingress/team/shop/prefix /new"]);
  });

  test("two changes in a row, the second refused before the first was answered: the first stays", async () => {
    await using judged = await Judged.start(noNever);
    await judged.apply(shop, path("shop", "/first"), path("shop", "/never"));
    assert.deepEqual(judged.routes("http/a.test"), ["a.test/Ingress/team/shop/prefix /first"]);
    assert.ok(judged.accepted({ kind: "Ingress", namespace: "team", name: "shop" }));
  });

  test("a refused certificate is its Secret's fault; the Ingress and plain HTTP stand", async () => {
    const pair = certificateAuthority().issue(["a.test"]);
    await using judged = await Judged.start((type) => (type === "secret" ? "unusable curve" : undefined));
    await judged.apply(
      together(
        ingress("team", "shop", "a.test", "shop", {
          annotations: { "binnacle.dev/ssl-redirect": "false" },
          secret: "cert",
        }),
        tlsSecret("team", "cert", pair),
        shop,
      ),
    );
    judged.envoy.handshake("a.test");
    await judged.envoy.settle();
    assert.deepEqual(Object.keys(judged.refused()), ["Secret cert"]);
    assert.match(judged.refused()["Secret cert"] ?? "", /unusable curve/);
    assert.equal(judged.routes("http/a.test")?.length, 1);
    assert.ok(judged.accepted({ kind: "Ingress", namespace: "team", name: "shop" }));
  });

  test("a claim of another namespace, however late, is never to blame", async () => {
    await using judged = await Judged.start();
    await judged.apply(together(path("shop", "/"), shop));
    await judged.apply(together(path("bad", "/bad"), ingress("other", "late", "a.test", "shop")));
    assert.deepEqual(Object.keys(judged.refused()), ["Ingress bad"]);
  });

  test("bad endpoints are their slice's fault; the Service goes on with its other slices", async () => {
    await using judged = await Judged.start((type, _name, bytes) =>
      type === "endpoints" && Buffer.from(bytes).includes("10.66.66.66") ? "bad address" : undefined,
    );
    const more = service("team", "shop", [...AN_ENDPOINT, { host: "10.66.66.66", port: 9999 }]);
    await judged.apply(together(path("shop", "/"), more));
    assert.deepEqual(Object.keys(judged.refused()), ["EndpointSlice shop-1"]);
    assert.ok(judged.envoy.has.has("endpoints local/team/shop/80"));
    assert.equal(judged.routes("http/a.test")?.length, 1);
  });

  test("a namespace that wants no last good forms has none", async () => {
    await using judged = await Judged.start(noNever);
    await judged.apply(namespace("off"), together(path("shop", "/old"), shop));
    await judged.apply(path("shop", "/never"));
    assert.equal(judged.routes("http/a.test"), undefined);
    await judged.apply(namespace("on"));
    assert.deepEqual(judged.routes("http/a.test"), ["a.test/Ingress/team/shop/prefix /old"]);
    assert.deepEqual(Object.keys(judged.refused()), ["Ingress shop"]);
  });

  test("over a restart the refused form is not tried again, and the accepted one serves", async () => {
    const archive = new MemoryArchive();
    {
      await using judged = await Judged.start(noNever, archive);
      await judged.apply(together(path("shop", "/old"), shop));
      await judged.apply(path("shop", "/never"));
    }
    let refusals = 0;
    await using again = await Judged.start((type, name, bytes) => {
      const words = noNever(type, name, bytes);
      if (words !== undefined) refusals++;
      return words;
    }, archive);
    await again.apply(together(path("shop", "/never"), shop));
    assert.deepEqual(again.routes("http/a.test"), ["a.test/Ingress/team/shop/prefix /old"]);
    assert.deepEqual([Object.keys(again.refused()), refusals], [["Ingress shop"], 0]);
  });
});

/** An HTTPProxy whose route has its upstream checked at a path: a cluster of its own. */
const checked = (name: string, path: string): string =>
  JSON.stringify({
    apiVersion: "projectcontour.io/v1",
    kind: "HTTPProxy",
    metadata: { name, namespace: "team" },
    spec: {
      virtualhost: { fqdn: `${name}.test` },
      routes: [{ services: [{ name: "shop", port: 80 }], healthCheckPolicy: { path } }],
    },
  });

suite("what Envoy refuses of a Service as somebody asks for it", () => {
  const noCheck: Judgement = (type, _name, bytes) =>
    type === "cluster" && Buffer.from(bytes).includes("/never") ? "no such check" : undefined;

  test("is the fault of who asks for it, and the Service stands for all others", async () => {
    for (const [first, second] of [
      [together(shop, checked("good", "/ok"), path("plain", "/")), checked("bad", "/never")],
      [together(shop, checked("good", "/ok"), path("plain", "/"), checked("bad", "/never")), undefined],
      [together(checked("bad", "/never"), path("plain", "/"), checked("good", "/ok"), shop), undefined],
    ] as const) {
      await using judged = await Judged.start(noCheck);
      await judged.apply(first);
      if (second !== undefined) await judged.apply(second);
      assert.deepEqual(Object.keys(judged.refused()), ["HTTPProxy bad"]);
      assert.match(
        judged.refused()["HTTPProxy bad"] ?? "",
        /^Envoy refused .*cluster local\/team\/shop\/80~\w+, as HTTPProxy team\/bad asks for it.*: no such check$/,
      );
      assert.ok(judged.accepted({ kind: "Service", namespace: "team", name: "shop" }));
      assert.deepEqual([judged.routes("http/bad.test"), judged.routes("http/good.test")?.length], [undefined, 1]);
      assert.deepEqual(judged.controlPlane.snapshot.quarantined(), []);
    }
  });

  test("of a Service that comes later takes nobody's Service away, and who asks for it is told", async () => {
    await using judged = await Judged.start(noCheck);
    await judged.apply(together(checked("bad", "/never"), path("plain", "/")));
    await judged.apply(shop);
    assert.deepEqual(judged.refused(), {});
    assert.ok(judged.envoy.has.has("cluster local/team/shop/80"));
    const [quarantine] = judged.controlPlane.snapshot.quarantined();
    assert.deepEqual(
      quarantine?.sources.map(({ ref }) => `${ref.kind} ${ref.name}`),
      ["Service shop", "HTTPProxy bad"],
    );
    await judged.apply(checked("late", "/never"));
    assert.deepEqual(Object.keys(judged.refused()), ["HTTPProxy late"]);
    await judged.apply(together(checked("late", "/ok"), checked("bad", "/ok")));
    assert.deepEqual([judged.refused(), judged.controlPlane.snapshot.quarantined()], [{}, []]);
  });

  test("each who asks for the same goes back to what it asked for before, and comes again with something better", async () => {
    await using judged = await Judged.start(noCheck);
    await judged.apply(together(shop, checked("one", "/a"), checked("two", "/b")));
    await judged.apply(together(checked("one", "/never"), checked("two", "/never"), checked("three", "/never")));
    assert.deepEqual(Object.keys(judged.refused()), ["HTTPProxy one", "HTTPProxy three", "HTTPProxy two"]);
    assert.match(judged.refused()["HTTPProxy two"] ?? "", /as HTTPProxy team\/one and 2 more ask for it/);
    const hosts = ["one", "two", "three"].map((name) => judged.routes(`http/${name}.test`)?.length);
    assert.deepEqual(hosts, [1, 1, undefined]);
    await judged.apply(checked("three", "/c"));
    assert.deepEqual(Object.keys(judged.refused()), ["HTTPProxy one", "HTTPProxy two"]);
    assert.equal(judged.routes("http/three.test")?.length, 1);
  });

  test("is the Service's where that changed last", async () => {
    await using judged = await Judged.start((type, _name, bytes) =>
      type === "cluster" && Buffer.from(bytes).includes(77) && Buffer.from(bytes).includes("/ok") ? "77" : undefined,
    );
    await judged.apply(together(shop, checked("good", "/ok")));
    const limited = { "projectcontour.io/max-connections": "77" };
    await judged.apply(service("team", "shop", AN_ENDPOINT, limited));
    assert.deepEqual(Object.keys(judged.refused()), ["Service shop"]);
    assert.match(judged.refused()["Service shop"] ?? "", /as HTTPProxy team\/good asks for it/);
    assert.equal(judged.routes("http/good.test")?.length, 1);
  });
});
