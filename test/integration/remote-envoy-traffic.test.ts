import assert from "node:assert/strict";
import { test } from "node:test";
import type { SnapshotMessage, TrafficFilter } from "#traffic/messages.ts";
import { Remote } from "./remote-envoy-world.ts";
import { certificateAuthority } from "./support/certificate.ts";
import type { EnvoyUnderTest } from "./support/envoy-under-test.ts";
import { until } from "./support/until.ts";
import { ordinaryEntry } from "./traffic/access-log-client.ts";

/** A report comes every five seconds. */
const PATIENCE = 90_000;

test("two Envoys, one of them on another machine: each request counts once, and each Envoy's can be told apart", async (t) => {
  await using remote = await Remote.start();
  await remote.startTraffic();
  await using local = await remote.local();
  await using edge = await remote.envoy("edge-1");
  await served(remote, [local, edge]);
  const asked = await ask(remote, 60, "shop.test", "/cart");
  await ask(remote, 10, "unknown.test", "/nothing");
  const picture = await counted(remote, [local, edge]);

  await t.test("totals are the sum of what the Envoys counted, by code and flag", async () => {
    const [mine, theirs] = await Promise.all([requestsOf(local), requestsOf(edge)]);
    assert.ok(mine > 0 && theirs > 0, `both took part of ${asked}: ${mine}, ${theirs}`);
    assert.deepEqual(Object.fromEntries(picture.envoys.map(({ key, counts }) => [key, counts.requests])), {
      "edge-1": theirs,
      test: mine,
    });
    assert.equal(picture.totals.counts.requests, mine + theirs);
    assert.equal(picture.totals.counts.codes["404"], 10);
    assert.equal(picture.totals.counts.flags["NR"], 10);
  });

  await t.test("a filter by Envoy narrows totals and rows", async () => {
    const only = await snapshot(remote, { envoys: ["edge-1"] });
    assert.equal(only.totals.counts.requests, await requestsOf(edge));
    assert.ok(only.requests.length > 0 && only.requests.every(({ envoy }) => envoy === "edge-1"));
  });

  await t.test("rows of both come, failures with their reason", async () => {
    const rows = await until(async () => (await snapshot(remote)).requests, {
      accept: (all) => all.filter(({ code }) => code === 404).length === 10,
      what: "the failures of both",
    });
    assert.deepEqual(new Set(rows.map(({ envoy }) => envoy)), new Set(["edge-1", "test"]));
    const why = rows.filter(({ code }) => code === 404).map(({ why: reason }) => reason?.summary);
    assert.deepEqual(new Set(why), new Set(["No object serves the host unknown.test"]));
  });

  await t.test("each says how many endpoints it has", () => {
    const shop = picture.clusters.find(({ key }) => key === "local/team-shop/shop/80");
    assert.deepEqual(shop?.seenBy, [
      { envoy: "edge-1", healthy: 1, endpoints: 1 },
      { envoy: "test", healthy: 1, endpoints: 1 },
    ]);
  });

  await t.test("the list of Envoys has both", () => {
    assert.deepEqual(remote.traffic.sampling("all").envoys, [
      { id: "edge-1", reachable: true },
      { id: "test", reachable: true },
    ]);
  });
});

test("a restart of a remote Envoy, of the control plane and of both count nothing twice", async () => {
  await using remote = await Remote.start();
  await remote.startTraffic();
  await using edge = await remote.envoy("edge-1");
  await served(remote, [edge]);
  await ask(remote, 20, "shop.test", "/a");
  await counted(remote, [edge]);
  const before = await requestsOf(edge);
  const text = "Envoy edge-1 was restarted";
  await edge.kill();
  await edge.launch();
  await served(remote, [edge]);
  await ask(remote, 20, "shop.test", "/b");
  await counted(remote, [edge], before);
  assert.ok(
    remote.traffic.markers("all").some((marker) => marker.text === text),
    text,
  );

  await until(
    async () => {
      await remote.get("shop.test", "/on");
      return (await snapshot(remote)).totals.rates.perSecond > 0;
    },
    { what: "rates that go on, and do not wait for the process before", timeoutMs: PATIENCE },
  );

  // The control plane goes and comes: it counts what runs, as for the Envoy of its own machine.
  await remote.stopTraffic();
  await ask(remote, 15, "shop.test", "/c");
  await remote.startTraffic();
  await counted(remote, [edge]);
  const again = await until(
    async () => {
      await remote.get("shop.test", "/again");
      return (await snapshot(remote)).requests.filter(({ path }) => path === "/again");
    },
    { accept: ({ length }) => length > 0, what: "requests to come again", intervalMs: 200, timeoutMs: PATIENCE },
  );
  assert.equal(again[0]?.envoy, "edge-1");
});

test("two Envoys with one node id are both counted, and complained of", async () => {
  await using remote = await Remote.start();
  await remote.startTraffic();
  await using first = await remote.envoy("edge-1");
  await until(async () => Number(await uptime(first)) >= 3, { what: "the first to be older than the second" });
  await using second = await remote.envoy("edge-1", remote.authority.issue(["edge-1"]), "twin");
  await served(remote, [first, second]);
  await ask(remote, 30, "shop.test", "/a");
  await counted(remote, [first, second]);
  await until(
    () => remote.traffic.markers("all").some(({ text }) => text.startsWith("Two Envoys call themselves edge-1")),
    {
      what: "the complaint",
      timeoutMs: PATIENCE,
    },
  );
});

test("a stranger's certificate brings neither entries nor totals; a renewed one of ours goes on to", async () => {
  await using remote = await Remote.start({ allowedNames: ["edge-1"] });
  await remote.startTraffic();
  await using edge = await remote.envoy("edge-1");
  await using stranger = await remote.envoy("edge-2", certificateAuthority("stranger").issue(["edge-2"]));
  await using unlisted = await remote.envoy("edge-3", remote.authority.issue(["edge-3"]));
  await served(remote, [edge]);
  remote.writeCertificate(remote.authority.issue(["control.test", "renewed.test"]));
  await remote.logged(/certificate for remote Envoys was renewed/);
  await until(() => remote.serverNames(remote.accessLogPort), {
    accept: (names) => names.includes("renewed.test"),
    what: "the receiver to have it too",
  });
  await ask(remote, 20, "shop.test", "/a");
  await counted(remote, [edge]);
  const before = await requestsOf(edge);
  await edge.kill();
  await edge.launch();
  await served(remote, [edge]);
  await counted(remote, [edge], before);
  for (const refused of [stranger, unlisted]) {
    await until(() => refused.stat("cluster.binnacle_access_log.upstream_cx_total"), { what: "it to have tried" });
  }
  await remote.logged(/no name of its certificate is among the allowed ones .*names=edge-3/);
  const picture = await snapshot(remote);
  assert.deepEqual(
    picture.envoys.map(({ key }) => key),
    ["edge-1"],
  );
  assert.ok(picture.requests.every(({ envoy }) => envoy === "edge-1"));
});

test("a start that cannot listen for remote Envoys says why", async () => {
  await using remote = await Remote.start();
  await remote.startTraffic();
  await assert.rejects(remote.startTraffic(), ({ cause }: Error) =>
    /could not listen for access logs of remote Envoys on 127\.0\.0\.1:\d+/.test(String(cause)),
  );
});

test("a receiver that is started again goes on without remote Envoys while it cannot listen for them, and tries again", async () => {
  await using remote = await Remote.start();
  remote.writeCertificate({ ...remote.authority.issue(["control.test"]), key: "none" });
  const { said, worker } = remote.receiverAgain();
  try {
    await until(() => said.some(({ type }) => type === "listening"), { what: "the local socket" });
    const told = said.find((message) => message.type === "log");
    assert.match(String(told?.fields["error"]), /key\.pem holds no private key/);
    remote.writeCertificate(remote.authority.issue(["control.test"]));
    await until(() => said.some((line) => line.type === "log" && line.message.startsWith("remote Envoys may send")), {
      what: "the next try",
      timeoutMs: PATIENCE,
    });
  } finally {
    await worker.terminate();
  }
});

function snapshot(remote: Remote, filter: TrafficFilter = {}): Promise<SnapshotMessage> {
  return remote.traffic.snapshot({ filter, recentRows: 2000 }, "all");
}

/** Each on a connection of its own: the kernel shares them out among the Envoys, which listen on the same port here. */
async function ask(remote: Remote, count: number, host: string, path: string): Promise<number> {
  for (let index = 0; index < count; index++) await remote.get(host, path);
  return count;
}

/** Resolves when each of the Envoys has answered a request. */
async function served(remote: Remote, envoys: readonly EnvoyUnderTest[]): Promise<void> {
  await until(
    async () => {
      await remote.get("shop.test", "/warm-up");
      return Promise.all(envoys.map(async (envoy) => (await codes(envoy)).get("200") ?? 0));
    },
    { accept: (counts) => counts.every((count) => count > 0), what: "an answer of each Envoy", timeoutMs: PATIENCE },
  );
}

/** The picture when it has all that these Envoys count, and `more`. Throws when it has more than that. */
async function counted(remote: Remote, envoys: readonly EnvoyUnderTest[], more = 0): Promise<SnapshotMessage> {
  const all = (await Promise.all(envoys.map(requestsOf))).reduce((sum, requests) => sum + requests, more);
  const picture = await until(() => snapshot(remote), {
    accept: (now) => now.totals.counts.requests >= all && now.envoys.length > 0,
    what: `${all} requests`,
    timeoutMs: PATIENCE,
  });
  assert.equal(picture.totals.counts.requests, all);
  return picture;
}

async function requestsOf(envoy: EnvoyUnderTest): Promise<number> {
  return [...(await codes(envoy)).values()].reduce((sum, count) => sum + count, 0);
}

/** What the Envoy itself has counted, by status. */
async function codes(envoy: EnvoyUnderTest): Promise<ReadonlyMap<string, number>> {
  const page: unknown = JSON.parse(await envoy.admin("/stats?format=json&usedonly&type=Counters&filter=^binnacle"));
  assert.ok(typeof page === "object" && page !== null && "stats" in page && Array.isArray(page.stats));
  const counts = new Map<string, number>();
  for (const { name, value } of page.stats as readonly { name: string; value: number }[]) {
    const code = /^binnacle\.requests\.request\.(\d+)\//.exec(name)?.[1] ?? "";
    counts.set(code, (counts.get(code) ?? 0) + value);
  }
  return counts;
}

async function uptime(envoy: EnvoyUnderTest): Promise<string> {
  return /"uptime_current_epoch":\s*"(\d+)s"/.exec(await envoy.admin("/server_info"))?.[1] ?? "0";
}

test("a remote Envoy that floods is held back, and the others' requests are seen meanwhile", async () => {
  await using remote = await Remote.start();
  await remote.startTraffic();
  await using local = await remote.local();
  await served(remote, [local]);
  using flooding = remote.accessLogClient();
  const MOST = 3_000_000;
  const flood = { sent: 0, over: false };
  const entries = Array.from({ length: 500 }, (_, index) => ordinaryEntry(index, Date.now()));
  // At the pace at which a peer is read this takes minutes.
  const flooded = (async () => {
    for (; flood.sent < MOST && !flood.over; flood.sent += entries.length) {
      const sent = flooding.send(entries, flood.sent === 0 ? "sample" : undefined);
      await Promise.race([sent, flooding.ended]);
    }
  })();
  await until(() => remote.traffic.stats.received.sample > 10_000, { what: "the flood" });
  await until(
    async () => {
      await remote.get("unknown.test", "/meanwhile");
      return (await snapshot(remote, { envoys: ["test"] })).requests;
    },
    { accept: (rows) => rows.some(({ path }) => path === "/meanwhile"), what: "a request of the other" },
  );
  assert.ok(flood.sent < MOST, "the flood goes on");
  flood.over = true;
  flooding[Symbol.dispose]();
  await flooded;
});
