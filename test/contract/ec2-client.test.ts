import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Credentials } from "#discovery/ec2/client/credentials.ts";
import { Ec2Client, type ObservedRequest } from "#discovery/ec2/client/ec2-client.ts";
import { PlatformError } from "#discovery/platform-error.ts";
import { HttpPost } from "#discovery/ec2/client/http-post.ts";
import { ec2Discoverer } from "#discovery/ec2/discoverer.ts";
import { Slots } from "#lib/slots.ts";
import { Followed } from "./discovery/followed.ts";
import { Ec2StandIn } from "./support/ec2-stand-in.ts";
import { certificateAuthority } from "../integration/support/certificate.ts";
import { until } from "../integration/support/until.ts";

const REGION = "eu-west-1";

/** A client of a cloud that is none, whose every wish is a field. */
async function begin({ timeout = 10_000, tries = 3, atOnce = 4 } = {}) {
  const parts = new AsyncDisposableStack();
  const standIn = parts.use(await Ec2StandIn.start());
  const observed: ObservedRequest[] = [];
  const keys: Credentials[] = [{ accessKeyId: "first", secretAccessKey: "secret", sessionToken: "session" }];
  const client = new Ec2Client({
    credentials: {
      get: () => Promise.resolve(keys[0] ?? { accessKeyId: "none", secretAccessKey: "none" }),
      forget: () => void keys.shift(),
    },
    http: parts.use(new HttpPost({ timeout })),
    slots: new Slots(atOnce),
    endpoint: standIn.url,
    pageSize: 5,
    retry: { tries, least: 1, most: 2 },
    observe: (request) => observed.push(request),
  });
  const list = (region = REGION, signal = AbortSignal.timeout(20_000)) => client.instances(region, {}, signal);
  const have = (count: number, region = REGION) =>
    standIn.instances.set(
      region,
      Array.from({ length: count }, (_, index) => ({
        id: `i-${index}`,
        address: `10.0.0.${index}`,
        tags: { service: "web", port: "80", team: "team-shop" },
      })),
    );
  return { standIn, client, observed, keys, list, have, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}

const isKind = (kind: PlatformError["kind"], words: RegExp) => (error: unknown) =>
  error instanceof PlatformError && error.kind === kind && words.test(error.message);

suite("asking EC2", { timeout: 600_000 }, () => {
  test("every page is read, a number at a time, and told", async () => {
    await using world = await begin();
    world.have(5);
    const found = await world.list();
    assert.deepEqual(
      found.map(({ id }) => id),
      ["i-0", "i-1", "i-2", "i-3", "i-4"],
    );
    assert.deepEqual(found[0], {
      id: "i-0",
      name: undefined,
      state: "running",
      private: "10.0.0.0",
      public: undefined,
      ipv6: undefined,
      zone: undefined,
      tags: { service: "web", port: "80", team: "team-shop" },
    });
    assert.equal(world.standIn.requests.length, 3);
    assert.ok(world.standIn.requests.every(({ parameters }) => parameters.get("MaxResults") === "5"));
    assert.deepEqual(
      world.observed.map(({ verb, resource, code }) => `${verb} ${resource} ${code}`),
      Array.from({ length: 3 }, () => "list instances 200"),
    );
  });

  test("one that throttles, or fails, is asked again; not more often than it may be", async () => {
    await using world = await begin();
    world.have(1);
    for (const [status, code, kind] of [
      [503, "RequestLimitExceeded", "throttled"],
      [500, "InternalError", "server"],
    ] as const) {
      let left = 2;
      world.standIn.fault = () => (left-- > 0 ? { status, code } : undefined);
      assert.equal((await world.list()).length, 1);
      world.standIn.fault = () => ({ status, code });
      const before = world.standIn.requests.length;
      await assert.rejects(world.list(), isKind(kind, new RegExp(`EC2 in eu-west-1 answered ${status} ${code}`)));
      assert.equal(world.standIn.requests.length - before, 3);
    }
  });

  test("refusals are told as what they are, and not asked again", async () => {
    await using world = await begin();
    for (const [status, code, kind] of [
      [403, "UnauthorizedOperation", "forbidden"],
      [401, "OptInRequired", "forbidden"],
      [400, "InvalidParameterValue", "invalid"],
    ] as const) {
      world.standIn.fault = () => ({ status, code });
      const before = world.standIn.requests.length;
      await assert.rejects(world.list(), isKind(kind, new RegExp(code)));
      assert.equal(world.standIn.requests.length - before, 1);
    }
  });

  test("refused credentials are forgotten: the next question is asked with new ones", async () => {
    await using world = await begin();
    world.have(1);
    world.keys.push({ accessKeyId: "second", secretAccessKey: "secret" });
    world.standIn.fault = ({ keyId }) => (keyId === "first" ? { status: 401, code: "AuthFailure" } : undefined);
    await assert.rejects(world.list(), isKind("credentials", /AuthFailure/));
    assert.equal((await world.list()).length, 1);
    assert.deepEqual(
      world.standIn.requests.map(({ keyId }) => keyId),
      ["first", "second"],
    );
  });

  test("a clock that is wrong is seen by the server's, and credentials are not blamed for it", async () => {
    await using world = await begin();
    world.have(1);
    for (const ahead of [3_600_000, -86_400_000]) {
      world.standIn.clockAhead = ahead;
      // What EC2 takes is five minutes off at most.
      world.standIn.fault = ({ signedAt }) =>
        Math.abs(Date.now() + ahead - signedAt) > 300_000 ? { status: 400, code: "RequestExpired" } : undefined;
      const before = world.standIn.requests.length;
      assert.equal((await world.list()).length, 1);
      assert.equal((await world.list()).length, 1);
      assert.equal(world.standIn.requests.length - before, 3, "what was learnt once is known");
    }
    assert.equal(world.keys.length, 1);
    world.standIn.fault = () => ({ status: 400, code: "RequestExpired" });
    await assert.rejects(world.list(), isKind("credentials", /RequestExpired/));
  });

  test("pages that lead in a circle are a failure, not a list without end", async () => {
    await using world = await begin();
    world.have(6);
    let asked = 0;
    world.standIn.fault = ({ parameters }) => {
      if (parameters.get("NextToken") === "4") parameters.set("NextToken", "0");
      return ++asked > 20 ? { status: 400, code: "InvalidParameterValue" } : undefined;
    };
    await assert.rejects(world.list(), isKind("invalid", /circle/));
  });

  test("a connection that was kept, and that the server has just closed, is no failure", async () => {
    await using world = await begin();
    world.have(1);
    assert.equal((await world.list()).length, 1);
    let asked = 0;
    // The first is asked over the connection of before, and the next over one of its own.
    world.standIn.fault = () => (++asked === 1 ? "cut" : undefined);
    assert.equal((await world.list()).length, 1);
    assert.equal(asked, 2);
    world.standIn.fault = () => "cut";
    await assert.rejects(world.list(), isKind("unreachable", /cannot be reached/));
  });

  test("half an answer is an error, and so is none in time; the signal ends a question at once", async () => {
    await using world = await begin({ timeout: 1000 });
    world.have(2);
    world.standIn.fault = () => "break";
    await assert.rejects(world.list(), isKind("unreachable", /cannot be reached/));
    world.standIn.fault = () => "hang";
    await assert.rejects(world.list(), isKind("timeout", /did not answer within 1000 ms/));
    assert.equal(world.observed.at(-1)?.code, 0);
    await using patient = await begin({ timeout: 60_000 });
    patient.standIn.fault = () => "hang";
    const stop = new AbortController();
    const asking = patient.list(REGION, stop.signal);
    await until(() => patient.standIn.requests.length === 1);
    stop.abort(new Error("enough"));
    await assert.rejects(asking, /enough/);
  });

  test("certificates of an authority of its own are taken when it is named, and of no other", async () => {
    const authority = certificateAuthority("cloud");
    await using standIn = await Ec2StandIn.start({ tls: authority.issue(["127.0.0.1"]) });
    const ask = async (ca: string): Promise<number> => {
      using http = new HttpPost({ timeout: 10_000, ca });
      const request = { url: new URL(standIn.url), headers: {}, body: "", signal: AbortSignal.timeout(20_000) };
      return (await http.send(request)).status;
    };
    assert.equal(await ask(authority.cert), 200);
    await assert.rejects(ask(certificateAuthority("other").cert), isKind("unreachable", /certificate/));
  });

  test("no more questions at once than are allowed, whatever the regions", async () => {
    await using world = await begin({ atOnce: 2 });
    const regions = ["a", "b", "c", "d"];
    for (const region of regions) world.have(1, region);
    let held = true;
    world.standIn.fault = () => (held ? "hang" : undefined);
    const stop = new AbortController();
    const asking = regions.map((region) => world.list(region, stop.signal));
    await until(() => world.standIn.requests.length === 2);
    held = false;
    stop.abort();
    assert.ok((await Promise.allSettled(asking)).every(({ status }) => status === "rejected"));
    assert.equal(world.standIn.requests.length, 2);
    assert.equal((await Promise.all(regions.map((region) => world.list(region)))).flat().length, 4);
  });
});

test("a region that fails is that region's error alone, and keeps what it had", { timeout: 600_000 }, async () => {
  await using world = await begin({ tries: 1 });
  for (const region of ["east", "west"]) world.have(1, region);
  await using followed = new Followed(
    ec2Discoverer({
      client: world.client,
      regions: ["east", "west"],
      filters: {},
      rules: {
        serviceKey: "service",
        portKey: "port",
        teamKey: "team",
        addresses: "private",
        teamOf: (team) => team,
      },
      refuse: (address) => (address === "10.0.0.2" ? { message: "is not allowed", fix: "leave it out" } : undefined),
      times: { interval: 5, retry: { least: 1, most: 5 } },
    }),
  );
  await followed.have({ "web-east": ["10.0.0.0"], "web-west": ["10.0.0.0"] });
  world.standIn.fault = ({ region }) =>
    region === "west" ? { status: 403, code: "UnauthorizedOperation" } : undefined;
  world.have(3, "east");
  world.standIn.instances.delete("west");
  await followed.have({ "web-east": ["10.0.0.0", "10.0.0.1"], "web-west": ["10.0.0.0"] });
  const words = () => followed.status.problems.map(({ message }) => message).join("\n");
  await until(words, {
    accept: (now) =>
      /10\.0\.0\.2 is not allowed/.test(now) && /region west cannot be read, .*403 UnauthorizedOperation/.test(now),
  });
  assert.equal(followed.status.state, "synced");
  world.standIn.fault = () => ({ status: 403, code: "UnauthorizedOperation" });
  await followed.become("stale");
  world.standIn.fault = () => undefined;
  await followed.have({ "web-east": ["10.0.0.0", "10.0.0.1"] });
});
