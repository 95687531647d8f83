import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Cloud } from "#discovery/openstack/client/cloud.ts";
import type { Credentials } from "#discovery/openstack/client/credentials.ts";
import { Keystone } from "#discovery/openstack/client/keystone.ts";
import { Transport } from "#discovery/openstack/client/transport.ts";
import type { ObservedRequest } from "#discovery/pkgcloud/requests.ts";
import { certificateAuthority } from "../integration/support/certificate.ts";
import { failsAs } from "./support/fails-as.ts";
import { OpenStackStandIn } from "./support/openstack-stand-in.ts";

const never = new AbortController().signal;
const PROJECT = { id: "p1", name: "team-shop" };
const USER: Credentials = {
  type: "password",
  username: "reader",
  userDomain: { name: "Default" },
  password: "hunter2",
};
const server = (id: number) => ({ id: `s${id}`, name: `s${id}` });

function client(
  { url }: { readonly url: string },
  options: {
    readonly credentials?: Credentials;
    readonly timeout?: number;
    readonly ca?: string;
    readonly region?: string;
    readonly observed?: ObservedRequest[];
  } = {},
): Cloud & Disposable {
  const { credentials = USER, timeout = 10_000, ca, region, observed = [] } = options;
  const transport = new Transport({
    timeout,
    observe: (request) => observed.push(request),
    ...(ca === undefined ? {} : { ca }),
  });
  const keystone = new Keystone({
    authUrl: url,
    credentials: () => Promise.resolve(credentials),
    transport,
    now: Date.now,
  });
  const cloud = new Cloud({
    keystone,
    transport,
    interface: "public",
    atOnce: 4,
    ...(region === undefined ? {} : { region }),
  });
  return Object.assign(cloud, { [Symbol.dispose]: () => keystone[Symbol.dispose]() });
}

const servers = (cloud: Cloud) => cloud.list(PROJECT, { what: "servers" }, never);

const fails = failsAs("hunter2", "token-");

suite("the client of OpenStack", { timeout: 600_000 }, () => {
  test("finds the version of Keystone, lists projects, and every page of what they have", async () => {
    await using cloud = await OpenStackStandIn.start();
    cloud.servers.set("p1", [1, 2, 3, 4, 5].map(server));
    const observed: ObservedRequest[] = [];
    using asked = client(cloud, { region: "one", observed });
    assert.deepEqual(await asked.projects(never), [PROJECT]);
    assert.deepEqual(
      (await servers(asked)).map(({ id }) => id),
      ["s1", "s2", "s3", "s4", "s5"],
    );
    assert.deepEqual(
      observed.map(({ verb, resource, code }) => `${verb} ${resource} ${code}`),
      [
        "get versions 300",
        "create tokens 201",
        "get projects 200",
        "create tokens 201",
        ...Array.from({ length: 3 }, () => "get servers 200"),
      ],
    );
  });

  test("one authentication is enough for all who ask at the same time", async () => {
    await using cloud = await OpenStackStandIn.start();
    using asked = client(cloud);
    await Promise.all(Array.from({ length: 10 }, () => servers(asked)));
    assert.equal(cloud.authentications, 1);
  });

  test("a token that a server refuses in mid-cycle is replaced, once; one that ends is replaced before", async () => {
    await using cloud = await OpenStackStandIn.start();
    cloud.servers.set("p1", [1, 2, 3].map(server));
    using asked = client(cloud);
    await servers(asked);
    cloud.revoke();
    assert.equal((await servers(asked)).length, 3);
    assert.equal(cloud.authentications, 2);
    cloud.tokenLife = 30;
    cloud.revoke();
    await servers(asked);
    await servers(asked);
    assert.ok(cloud.authentications >= 4, "half a minute is too little for a cycle");
    cloud.fault = (what) =>
      what.startsWith("GET") ? { status: 401, body: { error: { message: "requires authentication" } } } : undefined;
    await fails(servers(asked), "credentials", /401 requires authentication/);
  });

  test("the server's own words, by kind", async () => {
    await using cloud = await OpenStackStandIn.start();
    using asked = client(cloud);
    await servers(asked);
    const answer = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) => {
      cloud.fault = (what) => (what.includes("servers") ? { status, body, headers } : undefined);
    };
    answer(403, { forbidden: { message: "Policy doesn't allow it", code: 403 } });
    await fails(servers(asked), "forbidden", /\/servers\/detail: 403 Policy doesn't allow it$/);
    answer(500, { faultstring: "database is locked" });
    await fails(servers(asked), "server", /500 database is locked$/);
    answer(502, "bad gateway");
    await fails(servers(asked), "server", /: 502$/);
    answer(429, {}, { "retry-after": "30" });
    await fails(servers(asked), "throttled", /: 429$/);
    await assert.rejects(servers(asked), { retryAfter: 30_000 });
    answer(200, { other: [] });
    await fails(servers(asked), "invalid", /answered without servers/);
    answer(200, ["no object"]);
    await fails(servers(asked), "invalid", /no JSON object/);
  });

  test("wrong credentials are told without them", async () => {
    await using cloud = await OpenStackStandIn.start();
    cloud.fault = (what) =>
      what.startsWith("POST") ? { status: 401, body: { error: { message: "not for you" } } } : undefined;
    using asked = client(cloud);
    await fails(servers(asked), "credentials", /POST .*\/v3\/auth\/tokens: 401 not for you/);
  });

  test("a silent server costs its time-out, a broken answer is none, and a stop ends at once", async () => {
    await using cloud = await OpenStackStandIn.start();
    using asked = client(cloud, { timeout: 1000 });
    await servers(asked);
    cloud.fault = () => "hang";
    await fails(servers(asked), "timeout", /no (whole )?answer/);
    cloud.fault = () => "break";
    await fails(servers(asked), "unreachable", /cannot be reached/);
    cloud.fault = () => "hang";
    using patient = client(cloud, { timeout: 600_000 });
    const stop = new AbortController();
    const listing = patient.list(PROJECT, { what: "servers" }, stop.signal);
    stop.abort(new Error("stopped"));
    await assert.rejects(listing, /stopped/);
  });

  test("a token goes to no other server: neither by a redirect nor by the link of a next page", async () => {
    await using other = await OpenStackStandIn.start();
    await using cloud = await OpenStackStandIn.start();
    using asked = client(cloud);
    const answer = (fault: ReturnType<OpenStackStandIn["fault"]>) => {
      cloud.fault = (what) => (what.includes("servers") ? fault : undefined);
    };
    answer({ status: 302, body: {}, headers: { location: `${other.url}/compute/servers/detail` } });
    await fails(servers(asked), "invalid", /: 302$/);
    answer({ status: 200, body: { servers: [], servers_links: [{ rel: "next", href: `${other.url}/x` }] } });
    await fails(servers(asked), "invalid", /next page is elsewhere/);
    assert.deepEqual(other.requests, []);
    answer({ status: 200, body: { servers: [], servers_links: [{ rel: "next", href: "detail" }] } });
    await fails(servers(asked), "invalid", /in a circle/);
  });

  test("certificates of an authority of its own are taken when it is named, and of no other", async () => {
    const authority = certificateAuthority("cloud");
    await using cloud = await OpenStackStandIn.start({ tls: authority.issue(["127.0.0.1"]) });
    using trusting = client(cloud, { ca: authority.cert });
    assert.deepEqual(await trusting.projects(never), [PROJECT]);
    using strict = client(cloud);
    await fails(strict.projects(never), "unreachable", /cannot be reached/);
    using wrong = client(cloud, { ca: certificateAuthority("other").cert });
    await fails(wrong.projects(never), "unreachable", /cannot be reached/);
  });

  test("a cloud of Mitaka's age: identity 2.0, projects are tenants, and load balancers are in Neutron", async () => {
    await using cloud = await OpenStackStandIn.start();
    cloud.isOld = true;
    cloud.loadBalancers.set("p1", [server(1), server(2), server(3)]);
    using asked = client(cloud, { region: "one" });
    assert.deepEqual(await asked.projects(never), [PROJECT]);
    assert.equal((await asked.list(PROJECT, { what: "loadbalancers" }, never)).length, 3);
    const asking = cloud.requests.map(({ what }) => what);
    assert.ok(
      asking.includes("POST /v2.0/tokens") && asking.includes("GET /net/v2.0/lbaas/loadbalancers"),
      asking.join(),
    );
    using modern = client(cloud, { credentials: { type: "applicationCredential", id: "a", secret: "hunter2" } });
    await fails(modern.projects(never), "credentials", /identity version 2\.0 only/);
  });

  test("a region or service that the catalog lacks is named, with what it has", async () => {
    await using cloud = await OpenStackStandIn.start();
    using elsewhere = client(cloud, { region: "two" });
    await fails(servers(elsewhere), "invalid", /no public endpoint of compute in region two \(it has public in one\)/);
  });
});
