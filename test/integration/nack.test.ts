import assert from "node:assert/strict";
import { createServer } from "node:net";
import { once } from "node:events";
import { after, before, suite, test } from "node:test";
import { packBytes } from "#lib/packed-bytes.ts";
import { VirtualHost } from "#proto/envoy/config/route/v3/route_components.ts";
import { bytesHash } from "#lib/canonical.ts";
import type { XdsResource } from "#xds/resource.ts";
import { certificateAuthority } from "./support/certificate.ts";
import { listeningPort } from "./support/free-port.ts";
import { Gateway } from "./support/gateway.ts";
import { handshake } from "./support/handshake.ts";
import { ingress, service, tlsSecret, together } from "./support/manifests.ts";
import { proxy, RoutingBed, to } from "./support/routing-bed.ts";
import { until } from "./support/until.ts";
import { Upstream } from "./support/upstream.ts";

const authority = certificateAuthority();
/** A curve that Node makes keys of and Envoy refuses. */
const CURVE = "secp256k1";

/** A virtual host that no object of ours makes: Envoy refuses a question mark in this kind of prefix. */
function badHost(host: string): XdsResource {
  const name = `http/${host}`;
  const message = VirtualHost.fromPartial({
    name,
    domains: [host],
    routes: [
      {
        match: { pathSpecifier: { $case: "pathSeparatedPrefix", value: "/a?b" } },
        action: { $case: "directResponse", value: { status: 200 } },
      },
    ],
  });
  const bytes = VirtualHost.encode(message).finish();
  return { type: "virtualHost", name, version: bytesHash(bytes), bytes: packBytes(bytes), clusters: [], sources: [] };
}

suite("what Envoy refuses", () => {
  const stack = new AsyncDisposableStack();
  let gateway: Gateway;
  before(async () => {
    const upstream = stack.use(await Upstream.start());
    gateway = stack.use(await Gateway.start());
    gateway.apply(together(service("team", "shop", [upstream]), ingress("team", "first", "first.test", "shop")));
    await gateway.open();
  });
  after(() => stack.disposeAsync());

  test("a virtual host that becomes bad goes on as it was", async () => {
    const { snapshot } = gateway.controlPlane;
    const good = snapshot.get("virtualHost", "http/first.test");
    assert.ok(good !== undefined);
    snapshot.apply([badHost("first.test")]);
    await until(() => snapshot.quarantined().length, { what: "Envoy's refusal" });
    assert.equal((await gateway.get("first.test", "/")).status, 200);
    snapshot.apply([good]);
    await gateway.settled();
    assert.deepEqual(snapshot.quarantined(), []);
  });

  test("a certificate that Envoy cannot use is its Secret's fault; the host goes on with the one before", async () => {
    const state = () => gateway.controlPlane.store.state({ kind: "Secret", namespace: "team", name: "cert" });
    gateway.apply(
      together(
        ingress("team", "secure", "secure.test", "shop", { secret: "cert" }),
        tlsSecret("team", "cert", authority.issue(["secure.test"])),
      ),
    );
    await gateway.settled();
    assert.equal((await gateway.getTls("secure.test", "/", { ca: authority.cert })).status, 200);
    await until(() => state()?.acceptedHash === state()?.inUse?.hash, { what: "the Secret to be accepted" });
    const before = await gateway.certificateSerial("secure.test");
    gateway.apply(tlsSecret("team", "cert", authority.issue(["secure.test"], { curve: CURVE })));
    await until(() => state()?.refused, { what: "the Secret to be refused" });
    assert.match(
      state()?.refused?.problems[0]?.message ?? "",
      /^Envoy refused .*secret secure\.test.*: Failed to load certificate chain/,
    );
    assert.equal(await gateway.certificateSerial("secure.test"), before);
    assert.equal(
      gateway.controlPlane.store.state({ kind: "Ingress", namespace: "team", name: "secure" })?.refused,
      undefined,
    );
    gateway.apply(tlsSecret("team", "cert", authority.issue(["secure.test"])));
    await until(() => gateway.certificateSerial("secure.test"), {
      accept: (serial) => serial !== before,
      what: "the third certificate",
    });
    assert.equal(state()?.refused, undefined);
  });

  test("a new host whose certificate Envoy cannot use has no handshake, and its redirect and all others stand", async () => {
    gateway.apply(
      together(
        ingress("team", "curved", "curved.test", "shop", { secret: "curved" }),
        tlsSecret("team", "curved", authority.issue(["curved.test"], { curve: CURVE })),
        ingress("team", "beside", "beside.test", "shop", { secret: "beside" }),
        tlsSecret("team", "beside", authority.issue(["beside.test"])),
      ),
    );
    await gateway.settled();
    assert.ok("error" in (await handshake(gateway.httpsPort, { servername: "curved.test" })));
    const refused = () =>
      gateway.controlPlane.store
        .states()
        .flatMap(({ ref, refused }) => (refused === undefined ? [] : [`${ref.kind} ${ref.name}`]));
    await until(refused, { accept: (names) => names.length > 0, what: "the refusal" });
    await gateway.settled();
    assert.deepEqual(refused(), ["Secret curved"]);
    assert.ok("error" in (await handshake(gateway.httpsPort, { servername: "curved.test" })));
    assert.equal((await gateway.get("curved.test", "/")).status, 308);
    assert.equal((await gateway.getTls("beside.test", "/", { ca: authority.cert })).status, 200);
  });
});

test("one bad virtual host among many new ones: it alone is left out, with Envoy's words", async () => {
  const refusals: { readonly type: string; readonly names: readonly string[] }[] = [];
  await using upstream = await Upstream.start();
  await using gateway = await Gateway.start({ events: { refused: (refusal) => refusals.push(refusal) } });
  const hosts = Array.from({ length: 20 }, (_, index) => `h${index}.test`);
  gateway.apply(
    together(
      service("team", "shop", [upstream]),
      ...hosts.map((host, index) => ingress("team", `i${index}`, host, "shop")),
    ),
  );
  gateway.controlPlane.snapshot.apply([badHost("bad.test")]);
  await gateway.open();
  const [quarantine, ...more] = gateway.controlPlane.snapshot.quarantined();
  assert.deepEqual([quarantine?.name, quarantine?.servesEarlier, more], ["http/bad.test", false, []]);
  assert.match(quarantine?.message ?? "", /^Proto constraint validation failed .*PathSeparatedPrefix/);
  for (const host of hosts) assert.equal((await gateway.get(host, "/")).status, 200, host);
  assert.equal((await gateway.get("bad.test", "/")).status, 404);
  assert.deepEqual(
    refusals.map(({ names }) => names.length),
    [21, 11, 6, 3, 2, 1],
  );
  gateway.controlPlane.snapshot.apply([], [{ type: "virtualHost", name: "http/bad.test" }]);
  await gateway.settled();
  assert.equal((await gateway.get("h0.test", "/")).status, 200);
});

test("a listener whose port is taken is told of, and the others serve", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  await using upstream = await Upstream.start();
  await using gateway = await Gateway.start({
    listeners: [
      {
        name: "db",
        port: listeningPort(taken),
        protocol: "tcp",
        service: { namespace: "team", name: "shop", port: 80 },
      },
    ],
  });
  gateway.apply(together(service("team", "shop", [upstream]), ingress("team", "shop", "shop.test", "shop")));
  await gateway.open();
  const [quarantine, ...more] = gateway.controlPlane.snapshot.quarantined();
  assert.deepEqual([quarantine?.type, quarantine?.name, more], ["listener", "db", []]);
  assert.match(quarantine?.message ?? "", /cannot bind .*Address already in use/);
  assert.equal((await gateway.get("shop.test", "/")).status, 200);
  taken.close();
});

test("of an upstream as an HTTPProxy wants it: the proxy is named, and the Service stands for all others", async () => {
  await using bed = await RoutingBed.start(["a"]);
  const { gateway } = bed;
  const secure = { services: [{ name: "a", port: 80, protocol: "tls" }] };
  /** Envoy takes no server name of more than 255 bytes (UpstreamTlsContext.sni), and none is checked before. */
  const named = (host: string): object => ({
    ...secure,
    requestHeadersPolicy: { set: [{ name: "Host", value: host }] },
  });
  const host = (name: string, route: object): string =>
    proxy(name, { virtualhost: { fqdn: `${name}.test` }, routes: [route] });
  gateway.apply(together(host("plain", to("a")), host("bad", named("short.test"))));
  await gateway.open();
  gateway.apply(host("bad", named(`${"long.".repeat(60)}test`)));
  const state = () => gateway.controlPlane.store.state({ kind: "HTTPProxy", namespace: "team", name: "bad" });
  await until(() => state()?.refused, { what: "the HTTPProxy to be refused" });
  await gateway.settled();
  assert.match(
    state()?.refused?.problems[0]?.message ?? "",
    /^Envoy refused .*cluster local\/team\/a\/80~\w+, as HTTPProxy team\/bad asks for it\): .*[Ss]ni/,
  );
  const { acceptedHash, inUse } =
    gateway.controlPlane.store.state({ kind: "Service", namespace: "team", name: "a" }) ?? {};
  assert.deepEqual([inUse?.hash === acceptedHash, gateway.controlPlane.snapshot.quarantined()], [true, []]);
  await bed.check({ what: "", host: "plain.test", path: "/", from: "a" });
  const names = gateway.controlPlane.snapshot.names("cluster").filter((name) => name.includes("~"));
  assert.equal(names.length, 1, "what it asked for before goes on");
});
