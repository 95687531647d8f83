import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { httpGet } from "./support/http-get.ts";
import { staticEnvoy, TestEnvoy } from "./support/static-envoy.ts";
import { temporaryDirectory } from "./support/temp-dir.ts";
import { until } from "./support/until.ts";
import { Upstream } from "./support/upstream.ts";

const LONG_MS = 60_000;

test("a stop waits for the request in flight, takes no new connection, and then ends at once", async (t) => {
  await using directory = await temporaryDirectory("drain");
  const answer = Promise.withResolvers<void>();
  await using upstream = await Upstream.start({
    respond: async () => {
      await answer.promise;
      return { body: "late\n" };
    },
  });
  const { options, port } = await staticEnvoy({ directory: directory.path, upstreamPort: upstream.port });
  await using envoy = new TestEnvoy(options);
  await envoy.start(t.signal);
  await envoy.whenLive(t.signal);
  // A connection that is open and idle is no reason to wait.
  const idle = connect(port, "127.0.0.1");
  await once(idle, "connect");

  const slow = httpGet({ port }, "/slow");
  await until(() => upstream.requests.length === 1, { event: { emitter: upstream.events, name: "request" } });
  const stopped = envoy.drainAndStop(LONG_MS);
  await until(() => refuses(port), { what: "new connections to be refused" });
  assert.equal(envoy.state.state, "draining");

  const closed = once(idle, "close");
  answer.resolve();
  const { status, body, headers } = await slow;
  assert.deepEqual([status, body, headers.connection], [200, "late\n", "close"]);
  await stopped;
  await closed;
  assert.equal(envoy.state.state, "stopped");
});

test("when the time is up, what is left is cut", async (t) => {
  await using directory = await temporaryDirectory("cut");
  const never = Promise.withResolvers<void>();
  await using upstream = await Upstream.start({ respond: () => never.promise.then(() => "close") });
  const { options, port } = await staticEnvoy({ directory: directory.path, upstreamPort: upstream.port });
  await using envoy = new TestEnvoy(options);
  await envoy.start(t.signal);
  await envoy.whenLive(t.signal);
  const cut = assert.rejects(httpGet({ port }, "/"), /hang up|ECONNRESET/);
  await until(() => upstream.requests.length === 1, { event: { emitter: upstream.events, name: "request" } });
  await envoy.drainAndStop(200);
  await cut;
  never.resolve();
  assert.equal(envoy.state.state, "stopped");
});

async function refuses(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return false;
  } catch {
    return true;
  } finally {
    socket.destroy();
  }
}
