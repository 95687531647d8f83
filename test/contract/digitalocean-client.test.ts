import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { suite, test } from "node:test";
import { createDigitalOceanDiscoverer, type DigitalOceanSettings } from "#discovery/digitalocean/create.ts";
import { DropletsClient } from "#discovery/digitalocean/droplets-client.ts";
import { type ObservedRequest, Requests } from "#discovery/pkgcloud/requests.ts";
import { certificateAuthority } from "../integration/support/certificate.ts";
import { temporaryDirectory } from "../integration/support/temp-dir.ts";
import { until } from "../integration/support/until.ts";
import { Followed } from "./discovery/followed.ts";
import { DigitalOceanStandIn, droplet } from "./support/digitalocean-stand-in.ts";
import { failsAs } from "./support/fails-as.ts";

const never = new AbortController().signal;
const SECRET = "dop_v1_hunter2";

interface ClientOptions {
  readonly timeout?: number;
  readonly ca?: string;
  readonly tag?: string;
  readonly token?: string;
  readonly observed?: ObservedRequest[];
}

function client(
  { url }: { readonly url: string },
  { timeout = 10_000, ca, tag, token = SECRET, observed = [] }: ClientOptions = {},
): DropletsClient {
  return new DropletsClient({
    endpoint: url,
    token: () => Promise.resolve(token),
    requests: new Requests({
      timeout,
      observe: (request) => observed.push(request),
      ...(ca === undefined ? {} : { ca }),
    }),
    pageSize: 2,
    ...(tag === undefined ? {} : { tag }),
  });
}

async function standIn(...options: Parameters<typeof DigitalOceanStandIn.start>): Promise<DigitalOceanStandIn> {
  const cloud = await DigitalOceanStandIn.start(...options);
  cloud.token = SECRET;
  return cloud;
}

const some = (count: number) => Array.from({ length: count }, (_, index) => droplet(index + 1));
const fails = failsAs(SECRET);

suite("the client of DigitalOcean", { timeout: 600_000 }, () => {
  test("reads every page, a number at a time, with the token, and tells of each request", async () => {
    await using cloud = await standIn();
    cloud.droplets = some(5);
    const observed: ObservedRequest[] = [];
    const found = await client(cloud, { observed }).list(never);
    assert.deepEqual(found, JSON.parse(JSON.stringify(cloud.droplets)));
    assert.deepEqual(
      cloud.requests.map(({ token, page, perPage }) => [token, page, perPage]),
      [1, 2, 3].map((page) => [SECRET, page, 2]),
    );
    assert.deepEqual(
      observed.map(({ verb, resource, code }) => `${verb} ${resource} ${code}`),
      Array.from({ length: 3 }, () => "get droplets 200"),
    );
    assert.ok(observed.every(({ seconds }) => seconds > 0));
  });

  test("a tag keeps the others off the wire", async () => {
    await using cloud = await standIn();
    cloud.droplets = [droplet(1, { tags: ["binnacle"] }), droplet(2)];
    assert.equal((await client(cloud, { tag: "binnacle" }).list(never)).length, 1);
  });

  test("a droplet that goes between two pages hides none of the others: the list is read anew", async () => {
    await using cloud = await standIn();
    cloud.droplets = some(4);
    cloud.fault = ({ page }) => {
      if (page === 2 && cloud.droplets.length === 4) cloud.droplets = cloud.droplets.slice(1);
      return undefined;
    };
    const found = await client(cloud).list(never);
    assert.deepEqual(
      found.map(({ id }) => id),
      [2, 3, 4],
    );
    assert.deepEqual(
      cloud.requests.map(({ page }) => page),
      [1, 2, 1, 2],
    );
  });

  test("a list that never holds still, or whose pages do not end, is a failure, not half of one", async () => {
    await using cloud = await standIn();
    let count = 3;
    cloud.fault = ({ page }) => {
      if (page === 2) cloud.droplets = some(++count);
      return undefined;
    };
    cloud.droplets = some(3);
    await fails(client(cloud).list(never), "server", /the list changed between its pages, 3 times/);
    const page = (droplets: readonly object[]) => ({
      status: 200,
      body: { droplets, links: { pages: { next: `${cloud.url}/v2/droplets?page=2` } }, meta: { total: 9 } },
    });
    cloud.fault = () => page([droplet(1)]);
    await fails(client(cloud).list(never), "server", /changed between its pages/);
    cloud.fault = () => page([]);
    await fails(client(cloud).list(never), "invalid", /an empty page names a next one/);
  });

  test("the server's own words, by kind; an answer that pkgcloud does not know is none to fall over", async () => {
    await using cloud = await standIn();
    const asked = client(cloud);
    const answer = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) => {
      cloud.fault = () => ({ status, body, headers });
    };
    answer(403, { id: "forbidden", message: "You do not have access for the attempted action." });
    await fails(asked.list(never), "forbidden", /\/v2\/droplets: 403 You do not have access/);
    answer(500, { id: "server_error", message: "Unexpected server-side error" });
    await fails(asked.list(never), "server", /500 Unexpected server-side error$/);
    answer(502, "<html>");
    await fails(asked.list(never), "server", /: 502$/);
    answer(429, { id: "too_many_requests", message: "API Rate limit exceeded." }, { "retry-after": "7" });
    await fails(asked.list(never), "throttled", /429 API Rate limit exceeded\.$/);
    await assert.rejects(asked.list(never), { retryAfter: 7000 });
    answer(200, { accounts: [] });
    await fails(asked.list(never), "invalid", /no list of droplets \(droplets/);
    answer(200, ["none"]);
    await fails(asked.list(never), "invalid", /no JSON object/);
  });

  test("a token that is shown no tags has not seen that droplets are nobody's", async () => {
    await using cloud = await standIn();
    cloud.droplets = some(3).map((one) => ({ ...one, tags: null }));
    await fails(client(cloud).list(never), "forbidden", /the droplets come without their tags/);
    cloud.droplets = some(3);
    assert.equal((await client(cloud).list(never)).length, 3);
  });

  test("of the hourly limit only the headers say when the next request is let in", async () => {
    await using cloud = await standIn();
    const reset = Math.ceil(Date.now() / 1000) + 120;
    cloud.fault = () => ({
      status: 429,
      body: { id: "too_many_requests", message: "API Rate limit exceeded." },
      headers: { "ratelimit-limit": "5000", "ratelimit-remaining": "0", "ratelimit-reset": `${reset}` },
    });
    await assert.rejects(client(cloud).list(never), ({ retryAfter }: { retryAfter: number }) => {
      assert.ok(retryAfter > 60_000 && retryAfter <= 121_000, `${retryAfter}`);
      return true;
    });
  });

  test("a token that is refused, or that no header may hold, is told without it", async () => {
    await using cloud = await standIn();
    await fails(
      client(cloud, { token: `${SECRET}-old` }).list(never),
      "credentials",
      /401 Unable to authenticate you$/,
    );
    await fails(client(cloud, { token: `${SECRET}\u0007` }).list(never), "credentials", /what no header may hold/);
    assert.equal(cloud.requests.length, 1);
  });

  test("a silent server costs its time-out, a broken answer is none, and a stop ends at once", async () => {
    await using cloud = await standIn();
    cloud.fault = () => "hang";
    await fails(client(cloud, { timeout: 200 }).list(never), "timeout", /no (whole )?answer/);
    cloud.fault = () => "break";
    await fails(client(cloud).list(never), "unreachable", /cannot be reached/);
    cloud.fault = () => "hang";
    const stop = new AbortController();
    const listing = client(cloud, { timeout: 600_000 }).list(stop.signal);
    await until(() => cloud.requests.length === 3);
    stop.abort(new Error("stopped"));
    await assert.rejects(listing, /stopped/);
  });

  test("a token follows no redirect", async () => {
    await using other = await standIn();
    await using cloud = await standIn();
    cloud.fault = () => ({ status: 302, body: {}, headers: { location: `${other.url}/v2/droplets` } });
    await fails(client(cloud).list(never), "invalid", /: 302$/);
    assert.deepEqual(other.requests, []);
  });

  test("certificates of an authority of its own are taken when it is named, and of no other", async () => {
    const authority = certificateAuthority("cloud");
    await using cloud = await standIn({ tls: authority.issue(["127.0.0.1"]) });
    assert.deepEqual(await client(cloud, { ca: authority.cert }).list(never), []);
    await fails(client(cloud).list(never), "unreachable", /cannot be reached/);
  });
});

test("as binnacle.yaml has it: the token's file is read anew, and a droplet is placed by its tags", async () => {
  await using cloud = await standIn();
  await using folder = await temporaryDirectory("digitalocean");
  const tokenFile = join(folder.path, "token");
  const tags = ["binnacle-service:web", "binnacle-port:8080", "binnacle-team:shop", "plain"];
  cloud.droplets = [
    droplet(1, { tags, private: "10.88.0.1", public: "203.0.113.1" }),
    droplet(2, { tags: [...tags, "binnacle-service:api"], private: "10.88.0.2" }),
    droplet(3, { private: "10.88.0.3" }),
    { name: "without an id" },
  ];
  const settings: DigitalOceanSettings = {
    tokenFile,
    endpoint: `${cloud.url}/`,
    interval: 5,
    timeout: 10_000,
    pageSize: 200,
    serviceKey: "binnacle-service",
    portKey: "binnacle-port",
    teamKey: "binnacle-team",
    addresses: "private",
    teamOf: (team) => (team === "shop" ? "team-shop" : undefined),
    refuse: () => undefined,
    observe: () => {},
  };
  await writeFile(tokenFile, "of yesterday\n");
  await using followed = new Followed(await createDigitalOceanDiscoverer(settings));
  await followed.settled;
  assert.match(followed.status.failure?.message ?? "", /401 Unable to authenticate you/);
  assert.match(followed.status.failure?.fix ?? "", /it is taken without a restart/);
  await writeFile(tokenFile, `${SECRET}\n`);
  await followed.have({ web: ["10.88.0.1"] });
  assert.deepEqual(
    followed.services.map(({ scope, namespace, endpoints }) => [scope, namespace, endpoints[0]?.endpoints[0]?.zone]),
    [["account.team-shop", "team-shop", "fra1"]],
  );
  const words = await until(() => followed.status.problems.map(({ message }) => message), {
    accept: (found) => found.length === 2,
  });
  assert.match(
    words[0] ?? "",
    /droplet droplet-2 2: it has the tags binnacle-service:api, binnacle-service:web, expected one/,
  );
  assert.match(words[1] ?? "", /one of the droplets \(undefined\) cannot be read: id/);
});
