import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { AcmeChallenge } from "#resources/acme.ts";
import { asking } from "../partners/acme/support/acme-bed.ts";
import { Pebble, type PebbleOptions } from "../partners/acme/support/pebble.ts";
import { certificateAuthority } from "../integration/support/certificate.ts";
import { DnsServer } from "../integration/support/dns-server.ts";
import { freePorts } from "../integration/support/free-port.ts";
import { trustedPeer } from "../integration/support/handshake.ts";
import { httpGet } from "../integration/support/http-get.ts";
import { temporaryDirectory } from "../integration/support/temp-dir.ts";
import { until } from "../integration/support/until.ts";
import { createNamespace, serviceAccountToken } from "./support/access.ts";
import type { ApiClient, Manifest } from "./support/api-client.ts";
import { FaultyProxy } from "./support/faulty-proxy.ts";
import { KubeBox } from "./support/kubebox.ts";
import { Member } from "./support/member.ts";
import { manifests, rightOf, rightsOf } from "./support/rights.ts";

const SECRETS = "/api/v1/namespaces/binnacle-system/secrets";
const LEASE = "/apis/coordination.k8s.io/v1/namespaces/binnacle-system/leases/binnacle";

interface Secret {
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
}

/** A home cluster, an ACME server that asks one member, and names that all lead to this machine. */
class Bed implements AsyncDisposable {
  readonly home: KubeBox;
  readonly dns: DnsServer;
  readonly pebble: Pebble;
  readonly folder: string;
  readonly #stack: AsyncDisposableStack;

  private constructor(
    parts: { home: KubeBox; dns: DnsServer; pebble: Pebble; folder: string },
    stack: AsyncDisposableStack,
  ) {
    this.home = parts.home;
    this.dns = parts.dns;
    this.pebble = parts.pebble;
    this.folder = parts.folder;
    this.#stack = stack;
  }

  static async start(options: Omit<PebbleOptions, "dns">): Promise<Bed> {
    await using stack = new AsyncDisposableStack();
    const folder = stack.use(await temporaryDirectory("acme-home")).path;
    const home = stack.use(await KubeBox.start({ controllers: [] }));
    const dns = stack.use(await DnsServer.start(["* A 127.0.0.1"]));
    const pebble = stack.use(await Pebble.start({ ...options, dns: dns.place }));
    return new Bed({ home, dns, pebble, folder }, stack.move());
  }

  /** A control plane behind a proxy of its own, which counts what it asks. */
  async member(name: string, ports: readonly number[], token: string, acme: object = {}) {
    const proxy = this.#stack.use(await FaultyProxy.start(this.home));
    const kubeconfig = join(this.folder, `${name}.kubeconfig`);
    await writeFile(kubeconfig, proxy.kubeconfig(token));
    const { directory, caFile } = this.pebble;
    const settings = JSON.stringify({ directory, caFile, agreeToTerms: true, ...acme });
    const start = Member.start(
      join(this.folder, name),
      `sources: {cluster: {kubeconfig: ${kubeconfig}, addresses: [lb.example]}}\nacme: ${settings}`,
      ports,
    );
    return { proxy, member: this.#stack.use(await start) };
  }

  async serial({ https }: Member, host: string): Promise<string> {
    return (await trustedPeer(https, host, await this.pebble.root())).serialNumber;
  }

  async secrets(): Promise<readonly Secret[]> {
    return (await this.home.admin.get<{ items: Secret[] }>(SECRETS)).items;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

async function ask(api: ApiClient, name: string): Promise<void> {
  await api.apply(JSON.parse(asking(name, [`${name}.test`], `${name}-tls`)) as Manifest);
}

/** How many times a Secret was written. */
function writes({ calls }: FaultyProxy): number {
  return calls.filter(({ method, path }) => path.startsWith(SECRETS) && method !== "GET").length;
}

test(
  "the leader orders, every replica answers for it and serves what came; a leader lost in the middle of an order is followed by one that ends it",
  { timeout: 240_000 },
  async () => {
    const [first, second] = [await freePorts(4), await freePorts(4)];
    // The ACME server asks the one that does not lead.
    await using bed = await Bed.start({ httpPort: second[0] ?? 0 });
    const { admin } = bed.home;
    for (const name of ["team", "binnacle-system"]) await createNamespace(admin, name);
    const token = bed.home.token("cluster-admin");
    const { proxy: leading, member: one } = await bed.member("one", first, token);
    const holder = async () => (await admin.get<{ spec: { holderIdentity: string } }>(LEASE)).spec.holderIdentity;
    const leader = await until(holder, { what: "a leader" });
    const { proxy: following, member: two } = await bed.member("two", second, token);

    await ask(admin, "shop");
    const serial = await until(() => bed.serial(two, "shop.test"), { what: "a certificate", timeoutMs: 60_000 });
    assert.equal(await until(() => bed.serial(one, "shop.test")), serial);
    assert.equal(writes(leading), 3, "an account, the answer to the challenge, the certificate");
    assert.equal(writes(following), 0);
    const kept = await bed.secrets();
    assert.deepEqual(kept.map(({ metadata }) => metadata.name).sort(), [
      kept.find(({ metadata }) => metadata.name.startsWith("acme-account-"))?.metadata.name,
      "acme.team.shop-tls",
    ]);

    // Its own Secret takes the place of the ordered one, on both; without it what was ordered is still there.
    const own = { apiVersion: "v1", kind: "Secret", metadata: { namespace: "team", name: "shop-tls" } };
    const { cert, key } = certificateAuthority().issue(["shop.test"]);
    await admin.apply({ ...own, type: "kubernetes.io/tls", stringData: { "tls.crt": cert, "tls.key": key } });
    for (const member of [one, two])
      await until(() => assert.rejects(bed.serial(member, "shop.test")).then(() => true), { timeoutMs: 60_000 });
    await admin.delete("/api/v1/namespaces/team/secrets/shop-tls");
    for (const member of [one, two]) assert.equal(await until(() => bed.serial(member, "shop.test")), serial);
    assert.equal(writes(leading), 3);

    // The ACME server finds no address for the name, and the order stays open.
    await bed.dns.freeze();
    await ask(admin, "blog");
    const challenge = await until(() => openChallenge(bed, "acme.team.blog-tls"), { what: "a challenge" });
    const { token: name, content } = challenge ?? assert.fail();
    const path = `/.well-known/acme-challenge/${name}`;
    for (const { http } of [one, two]) {
      const answer = () => httpGet({ port: http }, path, { host: "blog.test" });
      const { body } = await until(answer, { accept: ({ status }) => status === 200, what: "the answer" });
      assert.equal(body, content);
      assert.equal((await httpGet({ port: http }, path, { host: "shop.test" })).status, 308);
    }
    await one.process.kill();
    bed.dns.thaw();
    await until(holder, { accept: (now) => now !== leader && now !== "", timeoutMs: 30_000, what: "the next leader" });
    const next = await until(() => bed.serial(two, "blog.test"), { what: "its certificate", timeoutMs: 60_000 });
    const open = async () => (await httpGet({ port: two.http }, path, { host: "blog.test" })).status;
    await until(open, { accept: (status) => status === 308, what: "the answer to be gone" });
    assert.equal(await bed.serial(two, "shop.test"), serial);
    assert.equal((await bed.secrets()).length, 3, "the account goes on");

    await one.restart();
    assert.equal(await bed.serial(one, "shop.test"), serial, "as soon as it is ready");
    assert.equal(await bed.serial(one, "blog.test"), next);

    // Whoever deletes it wants another one.
    await admin.delete(`${SECRETS}/acme.team.shop-tls`);
    const another = await until(() => bed.serial(one, "shop.test"), {
      accept: (now) => now !== serial,
      what: "another certificate",
      timeoutMs: 60_000,
    });
    assert.equal(await until(() => bed.serial(two, "shop.test")), another);
  },
);

test(
  "with its roles alone a control plane orders and renews before the end, over conflicts, and needs each right",
  { timeout: 240_000 },
  async () => {
    const ports = await freePorts(4);
    await using bed = await Bed.start({ httpPort: ports[0] ?? 0, briefly: 12 });
    const { admin } = bed.home;
    const files = ["control-plane-rbac.yaml", "acme-rbac.yaml"];
    for (const file of files) await admin.apply(...(await manifests(file)));
    await createNamespace(admin, "team");
    const token = await serviceAccountToken(admin, "binnacle-system", "control-plane");
    const { proxy, member } = await bed.member("one", ports, token, { profile: "brief" });
    // The first write of an account and of each state of the certificate meets one who was faster, another one a server in trouble.
    const reasons = ["AlreadyExists", "", "AlreadyExists", "ServiceUnavailable", "", "Conflict"];
    proxy.fault = ({ method, path }) => {
      const reason = path.startsWith(SECRETS) && method !== "GET" ? reasons.shift() : undefined;
      return reason ? { status: reason === "ServiceUnavailable" ? 503 : 409, reason } : undefined;
    };
    await ask(admin, "shop");
    const root = await bed.pebble.root();
    const peer = () => trustedPeer(member.https, "shop.test", root);
    const first = await until(peer, { what: "a certificate", timeoutMs: 60_000 });
    const failed: unknown[] = [];
    const look = () => peer().catch((error: unknown) => void failed.push(error));
    const isNext = (now: typeof first | void) => now?.serialNumber !== first.serialNumber;
    const next = await until(look, { accept: isNext, what: "the next certificate", timeoutMs: 30_000 });
    assert.deepEqual(failed, []);
    assert.ok(next && Date.parse(next.valid_from) < Date.parse(first.valid_to), "before the end of the one before");
    assert.deepEqual(reasons, []);

    const refused = proxy.calls
      .filter(({ status }) => status === 403)
      .map(({ method, path: where }) => `${method} ${where}`);
    assert.deepEqual(refused, []);
    const asked = new Set(proxy.calls.map(rightOf).filter((right) => right !== undefined));
    const given = await rightsOf(files);
    const own = await rightsOf(["acme-rbac.yaml"]);
    assert.deepEqual([...asked].filter((right) => !given.has(right)).sort(), [], "asked for and not given");
    assert.deepEqual([...own].filter((right) => !asked.has(right)).sort(), [], "given and not asked for");
  },
);

async function openChallenge(bed: Bed, name: string): Promise<AcmeChallenge | undefined> {
  const secret = (await bed.secrets()).find(({ metadata }) => metadata.name === name);
  const state = JSON.parse(Buffer.from(secret?.data?.["state"] ?? "", "base64").toString()) as {
    challenges: AcmeChallenge[];
  };
  return state.challenges[0];
}
