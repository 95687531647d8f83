import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { connect as connectTls } from "node:tls";
import type { TrafficFilter } from "#traffic/messages.ts";
import type { StreamTotals } from "#traffic/table-rows.ts";
import { Remote } from "./remote-envoy-world.ts";
import { freePorts, listeningPort } from "./support/free-port.ts";
import { service, tlsSecret, together } from "./support/manifests.ts";
import { proxy } from "./support/routing-bed.ts";
import { until } from "./support/until.ts";

const PATIENCE = 90_000;
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
  assert.deepEqual([found.failed, found.protocol, found.upstreams[0]?.upstream.service], [0, "tcp", "db"]);
  assert.deepEqual([row(rows, "dead").connections, row(rows, "lost").failed, row(rows, "lost").upstreams], [6, 3, []]);
  const udp = row(rows, "dns");
  assert.deepEqual([udp.protocol, udp.connections, udp.bytesIn, udp.bytesOut], ["udp", 1, 5, 5]);

  const theirs = await edge.stat("tcp.db.downstream_cx_total");
  assert.equal(row(await streams(world, { envoys: ["edge-1"] }), "db").connections, theirs);
  assert.equal(row(await streams(world, { envoys: ["test"] }), "db").connections, sent - theirs);
});

test("server names whose connections an HTTPProxy forwards: each counted by itself, with its upstreams", async (t) => {
  const [port = 0, other = 0] = await freePorts(2);
  await using world = await Remote.start({
    listeners: [
      { name: "secure", port, protocol: "https" },
      { name: "other", port: other, protocol: "https" },
    ],
  });
  await world.startTraffic();
  const server = createServer((socket) => socket.once("data", () => socket.end(ANSWER))).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const target = [{ host: "127.0.0.1", port: listeningPort(server) }];
  const host = (name: string, services: readonly object[]): string =>
    proxy(
      name,
      { virtualhost: { fqdn: `${name}.test`, tls: { secretName: "cert" } }, tcpproxy: { services } },
      "team-shop",
    );
  world.apply(
    together(
      tlsSecret("team-shop", "cert", world.authority.issue(["db.test", "lost.test"])),
      service("team-shop", "db", target),
      service("team-shop", "db-canary", target),
      host("db", [
        { name: "db", port: 80, weight: 90 },
        { name: "db-canary", port: 80, weight: 10 },
      ]),
      host("lost", [{ name: "missing", port: 80 }]),
    ),
  );
  await using local = await world.local();
  await until(async () => (await local.admin("/listeners")).includes("secure::"), { what: "the listeners" });
  await until(() => talkTls(other, "db.test"), { accept: (answer) => answer === ANSWER, what: "the host" });
  for (let index = 0; index < 7; index++) assert.equal(await talkTls(port, "db.test"), ANSWER);
  for (let index = 0; index < 2; index++) assert.equal(await talkTls(port, "lost.test"), "");
  const rows = await until(() => streams(world), {
    accept: (all) => row(all, "secure/db.test").connections === 7 && row(all, "secure/lost.test").connections === 2,
    what: "all of it to be counted",
    timeoutMs: PATIENCE,
  });
  const db = row(rows, "secure/db.test");
  assert.deepEqual([db.failed, db.bytesIn, db.bytesOut], [0, 7 * QUESTION.length, 7 * ANSWER.length]);
  assert.deepEqual(
    db.upstreams.map(({ upstream, share }) => [upstream.service, share]),
    [
      ["db", 0.9],
      ["db-canary", 0.1],
    ],
  );
  const lost = row(rows, "secure/lost.test");
  assert.deepEqual([lost.failed, lost.upstreams], [2, []]);
  assert.ok(row(rows, "other/db.test").connections > 0, "each listener has its own");
  assert.equal(row(rows, "other/lost.test").connections, 0);
});

async function streams(world: Remote, filter: TrafficFilter = {}): Promise<readonly StreamTotals[]> {
  return (await world.traffic.snapshot({ filter }, "all")).streams;
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

/** As {@link talk}, over TLS. */
async function talkTls(port: number, servername: string): Promise<string> {
  const socket = connectTls({ port, host: "127.0.0.1", servername, rejectUnauthorized: false });
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
