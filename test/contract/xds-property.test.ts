import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesHash } from "#lib/canonical.ts";
import { packBytes } from "#lib/packed-bytes.ts";
import type { XdsResource, XdsType } from "#xds/resource.ts";
import { type ResourceName, Snapshot } from "#xds/snapshot.ts";
import { tableOf } from "#xds/host-name.ts";
import { resolve } from "#xds/subscription.ts";
import { Random } from "../integration/support/random.ts";
import { RandomEnvoy } from "./support/random-envoy.ts";

const SEEDS = 1_000;
const STEPS = 120;
/** A seed that failed, to look at it again: `SEED=123 npm test -- xds-property`. */
const ONLY = process.env["SEED"];

/** A cluster, and the listener that hands connections of `c3` to it. */
const GATEWAY = "gateway/dc";

const NAMES: Readonly<Partial<Record<XdsType, readonly string[]>>> = {
  cluster: ["c1", "c2", "c3", GATEWAY],
  endpoints: ["c1", "c2", "c3", GATEWAY],
  routeTable: ["http", "https", "https-own"],
  virtualHost: ["http/a", "http/b", "https/a", "https/b", "https-own/a"],
  listener: ["http", "https", "db", GATEWAY],
  secret: ["a.test", "*.w.test", "*"],
};
const TYPES = Object.keys(NAMES) as readonly XdsType[];

function change(snapshot: Snapshot, random: Random, badness = 0.12): void {
  const upserts: XdsResource[] = [];
  const removals: ResourceName[] = [];
  for (let part = 0; part <= random.below(4); part++) {
    const type = random.pick(TYPES);
    const name = random.pick(NAMES[type] ?? []);
    if (upserts.concat(removals as XdsResource[]).some((other) => other.type === type && other.name === name)) continue;
    if (random.chance(0.25)) removals.push({ type, name });
    else upserts.push(resource(type, name, random, badness));
  }
  // As translation makes them: no host without its table.
  const gone = new Set(removals.flatMap(({ type, name }) => (type === "routeTable" ? [name] : [])));
  const stands = (table: string): boolean =>
    !gone.has(table) &&
    (snapshot.get("routeTable", table) !== undefined ||
      upserts.some(({ type, name }) => type === "routeTable" && name === table));
  const hosts = snapshot.names("virtualHost").filter((name) => gone.has(tableOf(name)));
  snapshot.apply(
    upserts.filter(({ type, name }) => type !== "virtualHost" || stands(tableOf(name))),
    [
      ...removals.filter(({ name }) => !hosts.includes(name)),
      ...hosts.map((name) => ({ type: "virtualHost", name }) as const),
    ],
  );
}

function resource(type: XdsType, name: string, random: Random, badness: number): XdsResource {
  // Of a route table Envoy takes whatever we make.
  const content = `${random.chance(badness) && type !== "routeTable" ? "bad" : "good"} ${random.below(5)}`;
  const sends = type === "virtualHost" || (type === "listener" && name === "db");
  const clusters = sends ? random.some(NAMES.cluster ?? [], 2) : [];
  const isBehind = (type === "cluster" || type === "endpoints") && name === "c3";
  return {
    type,
    name,
    version: bytesHash(content),
    bytes: packBytes(Buffer.from(content)),
    clusters: type === "listener" && name === GATEWAY ? [GATEWAY] : clusters,
    sources: [],
    ...(isBehind ? { listeners: [GATEWAY] } : {}),
    ...(type === "cluster" && random.chance(0.3) ? { checked: true } : {}),
    ...(type === "virtualHost" && random.chance(0.2) ? { takesAway: true } : {}),
    ...(type === "virtualHost" && random.chance(0.2) ? { guarded: true } : {}),
  };
}

/** What a client should have in the end of what it asks for. */
function expected(snapshot: Snapshot, client: RandomEnvoy): Record<string, Record<string, string>> {
  const wanted = (type: XdsType, names: readonly string[]): Record<string, string> =>
    Object.fromEntries(
      names.flatMap((name) => {
        const found = resolve(type, name, snapshot);
        return found === undefined ? [] : [[name, found.version]];
      }),
    );
  const clusters = wanted("cluster", snapshot.names("cluster"));
  const tables = wanted("routeTable", [...client.tables]);
  return {
    cluster: clusters,
    endpoints: wanted("endpoints", Object.keys(clusters)),
    listener: wanted("listener", snapshot.names("listener")),
    routeTable: tables,
    virtualHost: wanted(
      "virtualHost",
      snapshot.names("virtualHost").filter((name) => tableOf(name) in tables),
    ),
    secret: wanted("secret", [...client.serverNames]),
  };
}

test("whatever happens on the way, a client ends with what is wanted, or the last that it took", () => {
  for (const seed of ONLY === undefined ? Array.from({ length: SEEDS }, (_, index) => index) : [Number(ONLY)]) {
    const random = new Random(seed);
    const snapshot = new Snapshot();
    if (random.chance(0.7)) snapshot.open();
    const client = new RandomEnvoy(snapshot, random);
    for (let step = 0; step < STEPS; step++) {
      if (random.chance(0.4)) change(snapshot, random);
      client.step();
      if (random.chance(0.05)) snapshot.open();
    }
    snapshot.open();
    client.settle();
    for (const [type, versions] of Object.entries(expected(snapshot, client))) {
      const has = Object.fromEntries([...client.has.get(type as XdsType)!].sort(([a], [b]) => (a < b ? -1 : 1)));
      // Endpoints are never called gone: they go with their cluster.
      if (type === "endpoints") for (const name of Object.keys(has)) if (!(name in versions)) delete has[name];
      assert.deepEqual(has, versions, `SEED=${seed}: ${type}`);
    }
    client.close();
  }
});

/** What a resource needs and a client lacks. Endpoints that it gets for the first time serve nothing yet. */
function lacking(snapshot: Snapshot, client: RandomEnvoy, type: XdsType, name: string): readonly string[] {
  const { clusters = [], listeners = [] } = snapshot.get(type, name) ?? {};
  const has = (other: XdsType, key: string): boolean => client.has.get(other)!.has(key);
  const isUsable = (cluster: string): boolean => {
    if (snapshot.get("cluster", cluster) === undefined) return true;
    return has("cluster", cluster) && (snapshot.get("endpoints", cluster) === undefined || has("endpoints", cluster));
  };
  const isFirst = type === "endpoints" && !has(type, name);
  const isOpen = (listener: string): boolean =>
    isFirst ||
    !client.asks("listener") ||
    snapshot.get("listener", listener) === undefined ||
    has("listener", listener);
  return [...clusters.filter((cluster) => !isUsable(cluster)), ...listeners.filter((listener) => !isOpen(listener))];
}

test("nothing goes before what it needs, where a client answers at once and refuses nothing", () => {
  for (const seed of ONLY === undefined ? Array.from({ length: SEEDS }, (_, index) => index) : [Number(ONLY)]) {
    const random = new Random(seed);
    const snapshot = new Snapshot();
    snapshot.open();
    const client = new RandomEnvoy(snapshot, random);
    client.onSend = (type, names) => {
      for (const name of names)
        assert.deepEqual(lacking(snapshot, client, type, name), [], `SEED=${seed}: ${type} ${name}`);
    };
    for (let step = 0; step < STEPS; step++) {
      if (random.chance(0.4)) change(snapshot, random, 0);
      client.answerAll();
      client.step();
      client.answerAll();
    }
    client.close();
  }
});
