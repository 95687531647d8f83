import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, statSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { bytesHash } from "#lib/canonical.ts";
import { createLogger, type Logger, silentLogger } from "#lib/log.ts";
import { packBytes, unpackBytes } from "#lib/packed-bytes.ts";
import type { DeltaDiscoveryRequest, DeltaDiscoveryResponse } from "#proto/envoy/service/discovery/v3/discovery.ts";
import { TYPE_URLS, XDS_TYPES, type XdsResource, type XdsType } from "#xds/resource.ts";
import { Snapshot } from "#xds/snapshot.ts";
import { SnapshotArchive } from "#xds/snapshot-archive.ts";
import { loadSnapshotArchive } from "#xds/snapshot-archive-load.ts";
import { AdsStream } from "#xds/stream.ts";
import { temporaryDirectory } from "../integration/support/temp-dir.ts";
import { until } from "../integration/support/until.ts";

test("what an Envoy acknowledged is served from disk, and an Envoy that has it gets nothing", async () => {
  await using home = await Home.create();
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

test("a version that is on its way, or was refused, does not replace the acknowledged one", async () => {
  await using home = await Home.create();
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
  await using home = await Home.create();
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
  await using home = await Home.create();
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
  await using home = await Home.create();
  const [kept, withdrawn, refused] = ["kept", "withdrawn", "refused"].map((name) => resource("secret", `${name}.test`));
  home.snapshot.apply([kept!, withdrawn!, refused!]);
  home.snapshot.open();
  assert.equal(home.reload().count("secret"), 3);
  home.snapshot.apply([], [{ type: "secret", name: "withdrawn.test" }]);
  home.snapshot.refuse(refused!, "no such curve");
  assert.deepEqual(home.reload().names("secret"), ["kept.test"]);
});

test("what an earlier run left stays until this one is whole, and then goes", async () => {
  await using home = await Home.create();
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
  await using home = await Home.create();
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
  const random = seeded(20_260_727);
  await using home = await Home.create();
  const clusters = ["a", "b", "c", "d"];
  const hosts = ["t/1", "t/2", "t/3"];
  let generation = 0;
  const wanted = (): XdsResource[] =>
    hosts
      .filter(() => random() < 0.8)
      .flatMap((name) => {
        const to = clusters.filter(() => random() < 0.4);
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
    if (random() < 0.7) home.snapshot.open();
    // As a stream does: a host goes only after its clusters were acknowledged, and any answer may be missing.
    const usable = new Set<string>();
    for (const made of [...next].sort((x, y) => (x.type < y.type ? -1 : 1))) {
      const { type, name, clusters: needed } = made;
      if (random() < 0.2 || !home.snapshot.ready || !needed.every((cluster) => usable.has(cluster))) continue;
      if (type === "virtualHost" && random() < 0.2) home.snapshot.refuse(made, "no");
      else home.snapshot.acknowledge(made);
      if (type === "cluster") usable.add(name);
    }
    if (random() < 0.05) home.restart();
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

test("a writer that is killed at any moment leaves one whole state", async () => {
  await using directory = await temporaryDirectory("archive");
  const file = join(directory.path, "snapshot.sqlite");
  for (let round = 0; round < 5; round++) {
    const writer = spawn(process.execPath, ["--input-type=module", "-e", WRITER, file], {
      stdio: ["ignore", "pipe", "inherit"],
      cwd: import.meta.dirname,
    });
    const exited = once(writer, "exit");
    await until(() => loadSnapshotArchive(file), { accept: ({ type }) => type === "loaded", what: "a whole state" });
    for (let lines = 0; lines < 3 + round; lines++) await once(writer.stdout, "data");
    writer.kill("SIGKILL");
    await exited;
    const loaded = loadSnapshotArchive(file);
    assert.ok(loaded.type === "loaded", loaded.type === "refused" ? loaded.reason : "");
    assert.equal(loaded.resources, 2_000);
    const generations = new Set(
      loaded.snapshot.names("virtualHost").map((name) => loaded.snapshot.get("virtualHost", name)!.clusters[0]),
    );
    assert.equal(generations.size, 1, `generations ${[...generations].join(", ")} stand side by side`);
  }
});

/** All hosts change together, again and again, and say in which generation; each is acknowledged at once. */
const WRITER = `
  import { Snapshot } from "#xds/snapshot.ts";
  import { SnapshotArchive } from "#xds/snapshot-archive.ts";
  import { bytesHash } from "#lib/canonical.ts";
  import { silentLogger } from "#lib/log.ts";
  import { packBytes } from "#lib/packed-bytes.ts";
  const snapshot = new Snapshot();
  new SnapshotArchive(process.argv[1], snapshot, silentLogger);
  let generation = 0;
  setInterval(() => {
    generation += 1;
    const resources = Array.from({ length: 2000 }, (_, index) => {
      const bytes = Buffer.from(process.pid + " " + generation + " " + index);
      return { type: "virtualHost", name: "t/" + index, version: bytesHash(bytes), bytes: packBytes(bytes), clusters: [String(generation)], sources: [] };
    });
    snapshot.apply(resources);
    snapshot.open();
    for (const made of resources) snapshot.acknowledge(made);
    process.stdout.write(".");
  }, 30);
`;

for (const [what, spoil, reason] of [
  [
    "is no database",
    (file: string) => writeFileSync(file, "not a database, only as long as one\n".repeat(50)),
    /not a database/,
  ],
  ["is empty", (file: string) => writeFileSync(file, ""), /not a snapshot archive/],
  ["is of another version", (file: string) => sql(file, "PRAGMA user_version = 99"), /version 99/],
  [
    "has a row that was changed",
    (file: string) => sql(file, "UPDATE resource SET bytes = x'00'"),
    /not what its version says/,
  ],
  ["is damaged in the middle", overwriteMiddle, /damaged|malformed|not what its version says|cannot be read/],
  ["was cut short", cutShort, /damaged|malformed|cannot be read/],
] as const) {
  test(`an archive that ${what} is refused as a whole, and made anew by its writer`, async () => {
    await using home = await Home.create();
    const many = Array.from({ length: 400 }, (_, index) => resource("virtualHost", `t/${index}`, "x".repeat(500)));
    home.snapshot.apply(many);
    home.snapshot.open();
    home.acknowledge(...many);
    home.stop();
    spoil(home.file);
    assert.match(home.refusal(), reason);
    home.restart();
    if (!what.startsWith("has a row")) {
      assert.match(home.warnings.join("\n"), /made anew/);
      assert.match(home.refusal(), /no Envoy has acknowledged a whole configuration yet/);
    }
    const other = resource("virtualHost", "t/other");
    home.snapshot.apply([other]);
    home.snapshot.open();
    home.acknowledge(other);
    assert.deepEqual(home.reload().names("virtualHost"), ["t/other"]);
    assert.equal((statSync(home.file).mode & 0o777).toString(8), "600");
  });
}

test("an archive that another program holds is not taken for a bad one", async () => {
  await using home = await Home.create();
  const shop = resource("virtualHost", "t/shop");
  home.snapshot.apply([shop]);
  home.snapshot.open();
  home.acknowledge(shop);
  home.stop();
  {
    using holder = new DatabaseSync(home.file);
    holder.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA user_version = 1");
    assert.throws(
      () => home.restart(),
      (error: Error) => /cannot open the database/.test(error.message) && /locked/.test(String(error.cause)),
    );
  }
  assert.deepEqual(home.reload().names("virtualHost"), ["t/shop"]);
});

test("what cannot be written now is written later", async () => {
  await using home = await Home.create();
  home.snapshot.open();
  home.flush();
  // As a full disk does it: the statement fails.
  sql(home.file, "CREATE TRIGGER full BEFORE INSERT ON resource BEGIN SELECT raise(FAIL, 'disk is full'); END");
  const shop = resource("virtualHost", "t/shop");
  home.snapshot.apply([shop]);
  home.acknowledge(shop);
  await until(() => home.errors.length > 0, { what: "the failure to be told" });
  assert.match(home.errors.join("\n"), /cannot be written.*disk is full/);
  sql(home.file, "DROP TRIGGER full");
  home.stop();
  assert.deepEqual(home.reload().names("virtualHost"), ["t/shop"]);
});

test("the write-ahead log is shortened while the archive is in use", async () => {
  await using home = await Home.create();
  home.snapshot.open();
  const many = Array.from({ length: 1_500 }, (_, index) => resource("virtualHost", `t/${index}`, "x".repeat(10_000)));
  home.snapshot.apply(many);
  home.acknowledge(...many);
  home.flush();
  await until(() => sqlRow(home.file, "PRAGMA wal_checkpoint(NOOP)"), {
    accept: ({ log, checkpointed }) => Number(log) > 0 && log === checkpointed,
    what: "the checkpoint",
  });
  assert.equal(home.reload().count("virtualHost"), 1_500);
});

const SHOP = [
  resource("cluster", "shop"),
  resource("endpoints", "shop"),
  resource("listener", "http"),
  resource("routeTable", "t"),
  resource("virtualHost", "t/shop.test", "", ["shop"]),
  resource("runtime", "binnacle"),
];

function resource(type: XdsType, name: string, content = "", clusters: readonly string[] = []): XdsResource {
  const bytes = Buffer.from(`${type} ${name} ${content} ${clusters.join()}`);
  return { type, name, version: bytesHash(bytes), bytes: packBytes(bytes), clusters, sources: [] };
}

function contents(snapshot: Snapshot): unknown {
  return XDS_TYPES.map((type) =>
    snapshot.names(type).map((name) => {
      const { version, bytes, clusters } = snapshot.get(type, name)!;
      return { type, name, version, bytes: unpackBytes(bytes).toString(), clusters };
    }),
  );
}

/** A control plane's snapshot with its archive, which can be stopped and started again over the same file. */
class Home implements AsyncDisposable {
  readonly file: string;
  readonly warnings: string[] = [];
  readonly errors: string[] = [];
  snapshot = new Snapshot();
  onAcknowledged: (resource: XdsResource) => void = () => {};
  readonly #directory: AsyncDisposable;
  #archive: SnapshotArchive | undefined;

  static async create(): Promise<Home> {
    const directory = await temporaryDirectory("archive");
    return new Home(directory, join(directory.path, "snapshot.sqlite"));
  }

  private constructor(directory: AsyncDisposable, file: string) {
    this.#directory = directory;
    this.file = file;
    this.restart();
  }

  acknowledge(...resources: readonly XdsResource[]): void {
    for (const made of resources) this.snapshot.acknowledge(made);
  }

  flush(): void {
    this.#archive?.flush();
  }

  load(): ReturnType<typeof loadSnapshotArchive> {
    this.flush();
    return loadSnapshotArchive(this.file);
  }

  reload(): Snapshot {
    const loaded = this.load();
    assert.ok(loaded.type === "loaded", loaded.type === "refused" ? loaded.reason : "");
    return loaded.snapshot;
  }

  refusal(): string {
    const loaded = this.load();
    assert.ok(loaded.type === "refused");
    return loaded.reason;
  }

  versions(type: XdsType): Record<string, string> {
    return Object.fromEntries(this.snapshot.names(type).map((name) => [name, this.snapshot.get(type, name)!.version]));
  }

  stop(): void {
    this.#archive?.[Symbol.dispose]();
    this.#archive = undefined;
  }

  restart(): void {
    this.stop();
    this.snapshot = new Snapshot();
    this.snapshot.listen({ acknowledged: (resource) => this.onAcknowledged(resource) });
    this.#archive = new SnapshotArchive(this.file, this.snapshot, this.#log());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    await this.#directory[Symbol.asyncDispose]();
  }

  #log(): Logger {
    const lines = createLogger({ level: "warn", format: "text", write: (line) => this.warnings.push(line) });
    return {
      ...silentLogger,
      warn: (message, fields) => lines.warn(message, fields),
      error: (message, fields) => this.errors.push(`${message} ${fields?.["error"]}`),
    };
  }
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

function sql(file: string, text: string): void {
  using database = new DatabaseSync(file);
  database.exec(text);
}

function sqlRow(file: string, text: string): Readonly<Record<string, unknown>> {
  using database = new DatabaseSync(file);
  return database.prepare(text).get() ?? {};
}

function overwriteMiddle(file: string): void {
  sql(file, "PRAGMA wal_checkpoint(TRUNCATE)");
  const handle = openSync(file, "r+");
  writeSync(handle, Buffer.alloc(8_192, 0xa5), 0, 8_192, Math.floor(statSync(file).size / 2));
  closeSync(handle);
}

function cutShort(file: string): void {
  sql(file, "PRAGMA wal_checkpoint(TRUNCATE)");
  truncateSync(file, Math.floor(statSync(file).size / 2 / 4_096) * 4_096);
}

/** mulberry32: the same series at each run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
