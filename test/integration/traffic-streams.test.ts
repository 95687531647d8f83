import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import type { TrafficFilter } from "#traffic/messages.ts";
import type { StreamTotals } from "#traffic/table-rows.ts";
import { Remote } from "./remote-envoy-world.ts";
import { freePorts, listeningPort } from "./support/free-port.ts";
import { service } from "./support/manifests.ts";
import { until } from "./support/until.ts";

const PATIENCE = 30_000;
const QUESTION = "x".repeat(1000);
const ANSWER = "y".repeat(3000);

test("TCP and UDP listeners: connections, sessions, bytes and failures of two Envoys are exact", async (t) => {
  const [db = 0, dead = 0, dns = 0, lost = 0, nobody = 0] = await freePorts(5);
  await using world = await Remote.start({
    listeners: [
      { name: "db", port: db, protocol: "tcp", service: { namespace: "team-shop", name: "db", port: 80 } },
      { name: "dead", port: dead, protocol: "tcp", service: { namespace: "team-shop", name: "dead", port: 80 } },
      { name: "dns", port: dns, protocol: "udp", service: { namespace: "team-shop", name: "dns", port: 80 } },
      { name: "lost", port: lost, protocol: "tcp", service: { namespace: "team-shop", name: "missing", port: 80 } },
    ],
  });
  await world.startTraffic();
  const server = createServer((socket) => socket.once("data", () => socket.end(ANSWER))).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const answering = createSocket("udp4").bind(0, "127.0.0.1");
  await once(answering, "listening");
  answering.on("message", (_, from) => answering.send("pong!", from.port, from.address));
  t.after(() => answering.close());
  const target = (port: number) => [{ host: "127.0.0.1", port }];
  world.apply(
    [
      service("team-shop", "db", target(listeningPort(server))),
      service("team-shop", "dead", target(nobody)),
      service("team-shop", "dns", target(answering.address().port)).replaceAll(
        /port: (\d+) \}/g,
        "port: $1, protocol: UDP }",
      ),
    ].join("---\n"),
  );
  await using local = await world.local();
  await using edge = await world.envoy("edge-1");
  for (const envoy of [local, edge]) {
    await until(async () => (await envoy.admin("/listeners")).includes("dns::"), { what: "the listeners" });
  }

  // The kernel shares connections out among both.
  let sent = 0;
  await until(
    async () => {
      assert.equal(await talk(db), ANSWER);
      sent++;
      const counts = await Promise.all(
        [local, edge].map((envoy) => envoy.stat("tcp.db.downstream_cx_total").catch(() => 0)),
      );
      return sent >= 10 && counts.every((count) => count > 0);
    },
    { what: "connections through both" },
  );
  for (let index = 0; index < 6; index++) assert.equal(await talk(dead), "");
  for (let index = 0; index < 3; index++) assert.equal(await talk(lost), "");
  await ask(dns);

  const rows = await until(() => streams(world), {
    accept: (all) =>
      row(all, "db").connections === sent &&
      row(all, "dead").failed === 6 &&
      row(all, "lost").connections === 3 &&
      row(all, "dns").bytesOut > 0,
    what: "all of it to be counted",
    timeoutMs: PATIENCE,
  });
  const found = row(rows, "db");
  assert.deepEqual([found.bytesIn, found.bytesOut], [sent * QUESTION.length, sent * ANSWER.length]);
  assert.deepEqual([found.failed, found.protocol, found.upstream?.service], [0, "tcp", "db"]);
  assert.deepEqual(
    [row(rows, "dead").connections, row(rows, "lost").failed, row(rows, "lost").upstream],
    [6, 3, undefined],
  );
  const udp = row(rows, "dns");
  assert.deepEqual([udp.protocol, udp.connections, udp.bytesIn, udp.bytesOut], ["udp", 1, 5, 5]);

  const theirs = await edge.stat("tcp.db.downstream_cx_total");
  assert.equal(row(streams(world, { envoys: ["edge-1"] }), "db").connections, theirs);
  assert.equal(row(streams(world, { envoys: ["test"] }), "db").connections, sent - theirs);
});

function streams(world: Remote, filter: TrafficFilter = {}): readonly StreamTotals[] {
  return world.traffic.snapshot({ filter }, "all").streams;
}

function row(rows: readonly StreamTotals[], name: string): StreamTotals {
  const found = rows.find(({ key }) => key === name);
  if (found === undefined) throw new Error(`there is no ${name} among ${rows.map(({ key }) => key).join(", ")}`);
  return found;
}

/** What a new connection answers; nothing when it is closed. */
async function talk(port: number): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.write(QUESTION);
  try {
    return await text(socket);
  } catch {
    return "";
  } finally {
    socket.destroy();
  }
}

/** One datagram, and its answer. */
async function ask(port: number): Promise<void> {
  const client = createSocket("udp4");
  try {
    const answered = once(client, "message", { signal: AbortSignal.timeout(PATIENCE) });
    client.send("ping!", port, "127.0.0.1");
    await answered;
  } finally {
    client.close();
  }
}
