import assert from "node:assert/strict";
import { test } from "node:test";
import { certificateAuthority } from "./support/certificate.ts";
import type { EnvoyUnderTest } from "./support/envoy-under-test.ts";
import { ingress, service } from "./support/manifests.ts";
import { until } from "./support/until.ts";
import { Remote } from "./remote-envoy-world.ts";

test("an Envoy of another machine is served, and goes on through a renewal of the control plane's certificate", async () => {
  await using remote = await Remote.start();
  await using envoy = await remote.envoy("edge-1");
  await until(() => remote.get("shop.test"), { accept: ({ body }) => body === "shop", what: "the first answer" });
  assert.deepEqual(remote.clients, ["edge-1"]);
  await until(() => remote.connected[0]?.isBehind === false, { what: "the last acknowledgement" });
  assert.match(remote.connected[0]?.address ?? "", /^127\.0\.0\.1:\d+$/);
  assert.deepEqual(remote.connected[0]?.names, ["edge-1"]);

  const renewed = remote.authority.issue(["control.test", "renewed.test"]);
  assert.doesNotMatch(await remote.serverNames(), /renewed/);
  remote.writeCertificate(renewed);
  await remote.logged(/certificate for remote Envoys was renewed/);
  assert.match(await remote.serverNames(), /renewed\.test/, "the next connection has it");
  remote.apply(ingress("team-shop", "late", "late.test", "shop"));
  await until(() => remote.get("late.test"), {
    accept: ({ body }) => body === "shop",
    what: "a change on the open stream",
  });
  assert.deepEqual(remote.history, ["+edge-1"], "the stream went on");

  await envoy.kill();
  await envoy.launch();
  await until(() => remote.get("shop.test"), { accept: ({ body }) => body === "shop", what: "a new connection" });
});

test("who has no certificate, one of another authority, or an old TLS does not come in", async () => {
  await using remote = await Remote.start();
  const stranger = certificateAuthority("stranger").issue(["edge-1"]);
  const good = remote.authority.issue(["edge-1"]);
  assert.equal(await remote.handshake(good), "TLSv1.3");
  assert.equal(await remote.handshake({ ...good, maxVersion: "TLSv1.2" }), "TLSv1.2");
  await assert.rejects(
    remote.handshake({ ...good, minVersion: "TLSv1.1", maxVersion: "TLSv1.1" }),
    /protocol|version/i,
  );
  await assert.rejects(
    remote.handshake({}),
    /certificate required|handshake failure|ECONNRESET|closed the connection/i,
  );
  await assert.rejects(remote.handshake(stranger), /unknown ca|ECONNRESET|closed the connection/i);

  await using refused = await remote.envoy("edge-2", stranger);
  await until(() => refused.stat("cluster.binnacle_xds.upstream_cx_destroy_remote_with_active_rq"), {
    what: "the refusal",
  });
  // For a moment of each try Envoy believes itself connected.
  await until(() => refused.stat("control_plane.connected_state"), {
    accept: (state) => state === 0,
    what: "no connection",
  });
  assert.deepEqual(remote.history, []);
});

test("with a list of names, only certificates with one of them come in", async () => {
  await using remote = await Remote.start({ allowedNames: ["EDGE-1.test"] });
  await using stranger = await remote.envoy("edge-2", remote.authority.issue(["edge-2.test"]));
  await until(() => stranger.log.includes("closed: 7, certificate_name_not_allowed"), {
    what: "the reason in Envoy's log",
  });
  await remote.logged(/no name of its certificate is among the allowed ones .*names=edge-2\.test/);
  await using _ = await remote.envoy("edge-1", remote.authority.issue(["other.test", "edge-1.test"]));
  await until(() => remote.get("shop.test"), { accept: ({ body }) => body === "shop", what: "the first answer" });
  assert.deepEqual(remote.clients, ["edge-1"]);
});

test("a withdrawn authority lets nobody new in", async () => {
  await using remote = await Remote.start();
  const good = remote.authority.issue(["edge-1"]);
  await remote.handshake(good);
  const next = certificateAuthority("next");
  remote.writeClientCa(next);
  await remote.logged(/was renewed/);
  await assert.rejects(remote.handshake(good), /unknown ca|ECONNRESET|closed the connection/i);
  await remote.handshake(next.issue(["edge-1"]));
});

test("files that cannot be used are told, and those before go on", async () => {
  await using remote = await Remote.start();
  remote.writeCertificate({ cert: remote.authority.issue(["control.test"]).cert, key: "no key\n" });
  await remote.logged(/those before go on.*key\.pem holds no private key/);
  await remote.handshake(remote.authority.issue(["edge-1"]));
});

test("a start with files that cannot be used, or on a port that is taken, says why", async () => {
  await using remote = await Remote.start();
  await assert.rejects(remote.listenAgain(remote.port), /could not listen for xDS on 127\.0\.0\.1:\d+/);
  remote.writeCertificate({ ...remote.authority.issue(["control.test"]), key: remote.authority.issue(["x"]).key });
  await assert.rejects(remote.listenAgain(0), /does not belong to the first certificate/);
});

test("two Envoys get the same, and a client that does not read holds up neither", async () => {
  await using remote = await Remote.start();
  using stuck = remote.stuckClient();
  await stuck.begun;
  await using first = await remote.envoy("edge-1");
  await using second = await remote.envoy("edge-2", remote.authority.issue(["edge-2"]));
  await until(() => remote.clients, { accept: ({ length }) => length === 3, what: "three clients" });
  // Larger than what the stuck one's connection takes.
  for (let change = 1; change <= 20; change++) {
    remote.apply(service("team-shop", "shop", manyTargets(change)));
    await until(async () => Promise.all([members(first), members(second)]), {
      accept: ([a, b]) => a === change * 100 && b === change * 100,
      what: `change ${change} in both`,
    });
  }
  assert.deepEqual(await configuration(first), await configuration(second));
  assert.ok(stuck.unread, "it has not read what the others have");
});

/** Targets that nobody connects to: TEST-NET-1. */
function manyTargets(hundreds: number): readonly { host: string; port: number }[] {
  return Array.from({ length: hundreds * 100 }, (_, index) => ({
    host: `192.0.2.${index % 250}`,
    port: 1_000 + Math.floor(index / 250),
  }));
}

function members(envoy: EnvoyUnderTest): Promise<number> {
  return envoy.stat("cluster.local/team-shop/shop/80.membership_total");
}

/** Versions by name of all that came over the stream. */
async function configuration(envoy: EnvoyUnderTest): Promise<unknown> {
  const dump: unknown = JSON.parse(await envoy.admin("/config_dump?include_eds"));
  const versions: string[] = [];
  const walk = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    if ("version_info" in value)
      versions.push(JSON.stringify(value, (key, inner: unknown) => (key === "last_updated" ? undefined : inner)));
    else for (const inner of Object.values(value)) walk(inner);
  };
  walk(dump);
  assert.ok(versions.length > 3, "there is a configuration to compare");
  return versions.toSorted();
}
