import assert from "node:assert/strict";
import { test } from "node:test";
import { unpackBytes } from "#lib/packed-bytes.ts";
import type { DeltaDiscoveryRequest, DeltaDiscoveryResponse } from "#proto/envoy/service/discovery/v3/discovery.ts";
import { TYPE_URLS, XDS_TYPES, type XdsResource, type XdsType } from "#xds/resource.ts";
import type { Snapshot } from "#xds/snapshot.ts";
import { AdsStream } from "#xds/stream.ts";
import { Random } from "../integration/support/random.ts";
import { ArchiveHome, resource } from "./support/archive-home.ts";

test("what an Envoy acknowledged is served from disk, and an Envoy that has it gets nothing", async () => {
  await using home = await ArchiveHome.create();
  home.snapshot.apply(SHOP);
  home.snapshot.open();
  home.acknowledge(...SHOP);
  const served = home.reload();
  assert.deepEqual(contents(served), contents(home.snapshot));

  const newcomer = new TestEnvoy(served);
  for (const type of ["cluster", "endpoints", "listener", "routeTable", "virtualHost", "runtime"] as const) {
    newcomer.ask(type, {});
  }
  await newcomer.answered();
  assert.deepEqual(newcomer.received.toSorted(), SHOP.map(({ type, name }) => `${type} ${name}`).toSorted());

  const returning = new TestEnvoy(served);
  for (const type of XDS_TYPES) returning.ask(type, home.versions(type));
  assert.deepEqual(returning.received, []);
});

test("what a resource needs before it goes is archived with it: clusters, the listeners on its way, its first checks", async () => {
  await using home = await ArchiveHome.create();
  const made: readonly XdsResource[] = [
    { ...resource("cluster", "gateway/dc"), checked: true },
    resource("listener", "gateway/dc", "", ["gateway/dc"]),
    { ...resource("cluster", "b"), listeners: ["gateway/dc"] },
    { ...resource("endpoints", "b"), listeners: ["gateway/dc"] },
    resource("virtualHost", "t/b", "", ["b"]),
  ];
  home.snapshot.apply(made);
  home.snapshot.open();
  home.acknowledge(...made);
  const served = home.reload();
  const needs = ({ type, name, clusters, listeners = [], checked = false }: XdsResource) => ({
    type,
    name,
    clusters,
    listeners,
    checked,
  });
  assert.deepEqual(
    made.map(({ type, name }) => needs(served.get(type, name)!)),
    made.map(needs),
  );
});

test("a version that is on its way, or was refused, does not replace the acknowledged one", async () => {
  await using home = await ArchiveHome.create();
  const [before, after] = [resource("virtualHost", "t/shop", "1"), resource("virtualHost", "t/shop", "2")];
  home.snapshot.apply([before]);
  home.snapshot.open();
  home.acknowledge(before);
  home.snapshot.apply([after]);
  assert.equal(home.reload().get("virtualHost", "t/shop")?.version, before.version);
  home.snapshot.refuse(after, "no");
  assert.equal(home.reload().get("virtualHost", "t/shop")?.version, before.version);
});

test("what is served in the place of a refused version is archived, also when it was not wanted any more", async () => {
  await using home = await ArchiveHome.create();
  const [first, second, third] = ["1", "2", "3"].map((content) => resource("virtualHost", "t/shop", content));
  home.snapshot.apply([first!]);
  home.snapshot.open();
  home.acknowledge(first!);
  home.snapshot.apply([second!]);
  home.snapshot.apply([third!]);
  home.acknowledge(second!);
  home.snapshot.refuse(third!, "no");
  assert.equal(home.snapshot.get("virtualHost", "t/shop")?.version, second!.version);
  assert.equal(home.reload().get("virtualHost", "t/shop")?.version, second!.version);
});

test("a cluster stays while a route that an Envoy still has points at it", async () => {
  await using home = await ArchiveHome.create();
  const old = [resource("cluster", "a"), resource("virtualHost", "t/shop", "1", ["a"])];
  home.snapshot.apply(old);
  home.snapshot.open();
  home.acknowledge(...old);
  const moved = [resource("cluster", "b"), resource("virtualHost", "t/shop", "2", ["b"])];
  home.snapshot.apply(moved, [{ type: "cluster", name: "a" }]);
  home.acknowledge(moved[0]!);
  assert.deepEqual(home.reload().names("cluster"), ["a", "b"]);
  home.acknowledge(moved[1]!);
  assert.deepEqual(home.reload().names("cluster"), ["b"]);
});

test("a secret is kept before anybody asked for it, and goes when it is withdrawn or refused", async () => {
  await using home = await ArchiveHome.create();
  const [kept, withdrawn, refused] = ["kept", "withdrawn", "refused"].map((name) => resource("secret", `${name}.test`));
  home.snapshot.apply([kept!, withdrawn!, refused!]);
  home.snapshot.open();
  assert.equal(home.reload().count("secret"), 3);
  home.snapshot.apply([], [{ type: "secret", name: "withdrawn.test" }]);
  home.snapshot.refuse(refused!, "no such curve");
  assert.deepEqual(home.reload().names("secret"), ["kept.test"]);
});

test("what an earlier run left stays until this one is whole, and then goes", async () => {
  await using home = await ArchiveHome.create();
  const first = [resource("listener", "http"), resource("virtualHost", "t/gone"), resource("virtualHost", "t/stays")];
  home.snapshot.apply(first);
  home.snapshot.open();
  home.acknowledge(...first);
  home.restart();
  const second = [first[0]!, first[2]!, resource("virtualHost", "t/new")];
  home.snapshot.apply(second);
  home.snapshot.open();
  assert.deepEqual(home.reload().names("virtualHost"), ["t/gone", "t/stays"]);
  home.acknowledge(second[2]!);
  assert.deepEqual(home.reload().names("virtualHost"), ["t/new", "t/stays"]);
});

test("until all was acknowledged once, nothing is served", async () => {
  await using home = await ArchiveHome.create();
  assert.match(home.refusal(), /there is none yet|no Envoy has acknowledged a whole/);
  home.snapshot.apply(SHOP);
  home.acknowledge(SHOP[0]!);
  home.snapshot.open();
  home.acknowledge(...SHOP.slice(1, -1));
  assert.match(home.refusal(), /no Envoy has acknowledged a whole configuration yet/);
  home.acknowledge(SHOP.at(-1)!);
  assert.deepEqual(contents(home.reload()), contents(home.snapshot));
});

test("any series of changes, answers and restarts leaves an archive whose routes have their clusters", async () => {
  const random = new Random(20_260_727);
  await using home = await ArchiveHome.create();
  const clusters = ["a", "b", "c", "d"];
  const hosts = ["t/1", "t/2", "t/3"];
  let generation = 0;
  const wanted = (): XdsResource[] =>
    hosts
      .filter(() => random.chance(0.8))
      .flatMap((name) => {
        const to = clusters.filter(() => random.chance(0.4));
        return [
          ...to.map((cluster) => resource("cluster", cluster)),
          resource("virtualHost", name, String(generation), to),
        ];
      });
  const acknowledged = new Set<string>();
  home.onAcknowledged = ({ version }) => acknowledged.add(version);
  let whole = false;
  for (generation = 1; generation <= 400; generation++) {
    const next = wanted();
    const names = new Set(next.map(({ type, name }) => `${type} ${name}`));
    const gone = (["cluster", "virtualHost"] as const).flatMap((type) =>
      home.snapshot.names(type).flatMap((name) => (names.has(`${type} ${name}`) ? [] : [{ type, name }])),
    );
    home.snapshot.apply(next, gone);
    if (random.chance(0.7)) home.snapshot.open();
    // As a stream does: a host goes only after its clusters were acknowledged, and any answer may be missing.
    const usable = new Set<string>();
    for (const made of [...next].sort((x, y) => (x.type < y.type ? -1 : 1))) {
      const { type, name, clusters: needed } = made;
      if (random.chance(0.2) || !home.snapshot.ready || !needed.every((cluster) => usable.has(cluster))) continue;
      if (type === "virtualHost" && random.chance(0.2)) home.snapshot.refuse(made, "no");
      else home.snapshot.acknowledge(made);
      if (type === "cluster") usable.add(name);
    }
    if (random.chance(0.05)) home.restart();
    const loaded = home.load();
    if (loaded.type === "refused") {
      assert.equal(whole, false, `generation ${generation}: ${loaded.reason}`);
      continue;
    }
    whole = true;
    for (const name of loaded.snapshot.names("virtualHost")) {
      const host: XdsResource = loaded.snapshot.get("virtualHost", name)!;
      for (const cluster of host.clusters) {
        assert.ok(loaded.snapshot.get("cluster", cluster), `generation ${generation}: ${name} lacks ${cluster}`);
      }
      assert.ok(acknowledged.has(host.version), `generation ${generation}: ${name} was never acknowledged`);
    }
  }
  assert.ok(whole);
});

const SHOP = [
  resource("cluster", "shop"),
  resource("endpoints", "shop"),
  resource("listener", "http"),
  resource("routeTable", "t"),
  resource("virtualHost", "t/shop.test", "", ["shop"]),
  resource("runtime", "binnacle"),
];

function contents(snapshot: Snapshot): unknown {
  return XDS_TYPES.map((type) =>
    snapshot.names(type).map((name) => {
      const { version, bytes, clusters } = snapshot.get(type, name)!;
      return { type, name, version, bytes: unpackBytes(bytes).toString(), clusters };
    }),
  );
}

/** An xDS client that acknowledges all that it gets. */
class TestEnvoy {
  /** `type name` of each resource, in the order of arrival. */
  readonly received: string[] = [];
  readonly #stream: AdsStream;

  constructor(snapshot: Snapshot) {
    this.#stream = new AdsStream({
      snapshot,
      send: (response) => {
        queueMicrotask(() =>
          this.#stream.request({ ...REQUEST, typeUrl: response.typeUrl, responseNonce: response.nonce }),
        );
        this.#take(response);
        return true;
      },
      now: () => 0,
      setTimer: () => ({ cancel: () => {} }),
    });
  }

  /** Its answers have reached the server, and what those led to. */
  async answered(): Promise<void> {
    for (let before = -1; before < this.received.length;) {
      before = this.received.length;
      await new Promise(setImmediate);
    }
  }

  ask(type: XdsType, initialResourceVersions: Record<string, string>): void {
    const names = Object.keys(initialResourceVersions);
    const resourceNamesSubscribe = names.length > 0 ? names : (NAMED.get(type) ?? []);
    this.#stream.request({
      ...REQUEST,
      typeUrl: TYPE_URLS[type],
      initialResourceVersions,
      resourceNamesSubscribe: [...resourceNamesSubscribe],
    });
  }

  #take({ typeUrl, resources }: DeltaDiscoveryResponse): void {
    const type = XDS_TYPES.find((known) => TYPE_URLS[known] === typeUrl);
    for (const { name } of resources) this.received.push(`${type} ${name}`);
  }
}

/** What a newcomer asks for by name; the rest it asks for as a whole. */
const NAMED = new Map<XdsType, readonly string[]>([
  ["endpoints", ["shop"]],
  ["routeTable", ["t"]],
  ["runtime", ["binnacle"]],
]);

const REQUEST: DeltaDiscoveryRequest = {
  node: undefined,
  typeUrl: "",
  resourceNamesSubscribe: [],
  resourceNamesUnsubscribe: [],
  resourceLocatorsSubscribe: [],
  resourceLocatorsUnsubscribe: [],
  initialResourceVersions: {},
  responseNonce: "",
  errorDetail: undefined,
};
