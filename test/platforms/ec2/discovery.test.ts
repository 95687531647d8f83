import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, suite, test, type TestContext } from "node:test";
import { createEc2Discoverer, type Ec2Settings } from "#discovery/ec2/create.ts";
import { Followed } from "../../contract/discovery/followed.ts";
import { temporaryDirectory, type TemporaryDirectory } from "../../integration/support/temp-dir.ts";
import { until } from "../../integration/support/until.ts";
import { Moto } from "../support/moto.ts";

const REGION = "eu-west-1";
const tags = (service: string, team = "team-shop") => ({
  "binnacle.service": service,
  "binnacle.port": "8080",
  "binnacle.team": team,
});

suite("EC2 as a platform, asked of a server that speaks its API", { timeout: 300_000 }, () => {
  let moto: Moto;
  let folder: TemporaryDirectory;
  let place: { readonly vpc: string; readonly subnet: string };
  const file = () => join(folder.path, "credentials");
  const keep = (text: string) => writeFile(file(), text);
  before(async () => {
    moto = await Moto.start();
    folder = await temporaryDirectory("ec2");
    place = await moto.subnet(REGION, "10.88.0.0/16");
    await keep("[default]\naws_access_key_id = a\naws_secret_access_key = b\n");
  });
  after(async () => {
    await moto?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  const follow = async (parts: AsyncDisposableStack, overrides: Partial<Ec2Settings> = {}): Promise<Followed> => {
    const discoverer = await createEc2Discoverer({
      regions: [REGION],
      endpoint: moto.url,
      credentialsFile: file(),
      interval: 50,
      timeout: 20_000,
      atOnce: 4,
      pageSize: 5,
      serviceKey: "binnacle.service",
      portKey: "binnacle.port",
      teamKey: "binnacle.team",
      addresses: "private",
      vpcs: [],
      subnets: [],
      teamOf: (team) => team,
      refuse: () => undefined,
      observe: () => {},
      parts,
      ...overrides,
    });
    return parts.use(new Followed(discoverer));
  };
  const states = ({ services }: Followed, service: string): readonly string[] =>
    services
      .filter((one) => one.service === service)
      .flatMap(({ endpoints }) =>
        endpoints.flatMap((group) =>
          group.endpoints.map(({ address, ready }) => `${address}:${group.ports[0]?.port}${ready ? "" : "!"}`),
        ),
      );
  const become = (followed: Followed, service: string, wanted: readonly string[]) =>
    until(() => states(followed, service).join(), { accept: (now) => now === wanted.join(), what: wanted.join() });
  const make = (address: string, own: Readonly<Record<string, string>>) =>
    moto.run(REGION, { address, subnet: place.subnet, tags: own });

  test("instances are made, tagged, stopped, started and terminated, and followed", async () => {
    await using parts = new AsyncDisposableStack();
    const followed = await follow(parts);
    const one = await make("10.88.1.1", tags("web"));
    const other = await make("10.88.1.2", { Name: "later" });
    await become(followed, "web", ["10.88.1.1:8080"]);
    const later = Object.entries(tags("web")).flatMap(([key, value], index) => [
      [`Tag.${index + 1}.Key`, key],
      [`Tag.${index + 1}.Value`, value],
    ]);
    await moto.call(REGION, "CreateTags", { "ResourceId.1": other, ...Object.fromEntries(later) });
    await become(followed, "web", ["10.88.1.1:8080", "10.88.1.2:8080"]);
    await moto.call(REGION, "StopInstances", { "InstanceId.1": one });
    await become(followed, "web", ["10.88.1.1:8080!", "10.88.1.2:8080"]);
    await moto.call(REGION, "StartInstances", { "InstanceId.1": one });
    await become(followed, "web", ["10.88.1.1:8080", "10.88.1.2:8080"]);
    await moto.call(REGION, "CreateTags", {
      "ResourceId.1": one,
      "Tag.1.Key": "binnacle.port",
      "Tag.1.Value": "no",
    });
    await become(followed, "web", ["10.88.1.2:8080"]);
    const [problem] = await until(() => followed.status.problems, { accept: ({ length }) => length > 0 });
    assert.match(
      problem?.message ?? "",
      new RegExp(`instance ${one} in ${REGION}: binnacle.port is missing or no port`),
    );
    await moto.call(REGION, "TerminateInstances", { "InstanceId.1": one, "InstanceId.2": other });
    await become(followed, "web", []);
  });

  test("more than a page of them, of one VPC, with public addresses where they are asked for", async () => {
    await using parts = new AsyncDisposableStack();
    const elsewhere = await moto.subnet(REGION, "10.89.0.0/16");
    await moto.call(REGION, "ModifySubnetAttribute", {
      SubnetId: elsewhere.subnet,
      "MapPublicIpOnLaunch.Value": "true",
    });
    await moto.run(REGION, { address: "10.89.0.9", subnet: elsewhere.subnet, tags: tags("many") });
    const addresses = Array.from({ length: 12 }, (_, index) => `10.88.2.${index + 10}`);
    for (const address of addresses) await make(address, tags("many"));
    const codes: number[] = [];
    const followed = await follow(parts, { vpcs: [place.vpc], observe: ({ code }) => codes.push(code) });
    await become(
      followed,
      "many",
      addresses.map((address) => `${address}:8080`),
    );
    assert.ok(codes.length >= 3 && codes.every((code) => code === 200), codes.join());
    const outside = await follow(parts, { vpcs: [elsewhere.vpc], addresses: "public" });
    await outside.settled;
    const addressed = outside.services.flatMap(({ endpoints }) => endpoints.flatMap((group) => group.endpoints));
    assert.equal(addressed.length, 1);
    assert.doesNotMatch(addressed[0]?.address ?? "", /^10\./);
  });

  test("several regions, whose names differ, and one endpoint", async () => {
    await using parts = new AsyncDisposableStack();
    const there = await moto.subnet("us-east-2", "10.88.0.0/16");
    await make("10.88.3.1", tags("till", "team-bank"));
    await moto.run("us-east-2", { address: "10.88.3.2", subnet: there.subnet, tags: tags("till", "team-bank") });
    const followed = await follow(parts, { regions: [REGION, "us-east-2"] });
    await become(followed, `till-${REGION}`, ["10.88.3.1:8080"]);
    await become(followed, "till-us-east-2", ["10.88.3.2:8080"]);
    assert.deepEqual(
      followed.services.filter(({ service }) => service.startsWith("till")).map(({ scope }) => scope),
      [`${REGION}.team-bank`, "us-east-2.team-bank"],
    );
  });

  test("a server that is frozen, then dies: what was found goes on, and what there is then is found by itself", async () => {
    await using parts = new AsyncDisposableStack();
    await make("10.88.4.1", tags("cart"));
    const followed = await follow(parts, { timeout: 500 });
    await become(followed, "cart", ["10.88.4.1:8080"]);
    moto.freeze();
    await followed.become("stale");
    assert.equal(followed.status.failure?.kind, "timeout");
    moto.thaw();
    await followed.become("synced");
    await moto.down();
    await until(() => followed.status.failure?.kind, { accept: (kind) => kind === "unreachable" });
    assert.deepEqual(states(followed, "cart"), ["10.88.4.1:8080"]);
    await moto.up();
    place = await moto.subnet(REGION, "10.88.0.0/16");
    await make("10.88.4.2", tags("cart"));
    await become(followed, "cart", ["10.88.4.2:8080"]);
  });

  test("an instance profile's credentials come by IMDSv2", async (context) => {
    const none = join(folder.path, "none");
    setEnvironment(context, { AWS_EC2_METADATA_SERVICE_ENDPOINT: moto.url, AWS_CONFIG_FILE: none });
    await using parts = new AsyncDisposableStack();
    await make("10.88.5.1", tags("profile"));
    const followed = await follow(parts, { credentialsFile: none });
    await become(followed, "profile", ["10.88.5.1:8080"]);
  });

  test("a profile's role is assumed, and STS that cannot be reached, or is silent, is told", async (context) => {
    const config = join(folder.path, "config");
    const role = "role_arn = arn:aws:iam::123456789012:role/reader\nsource_profile = default\nregion = eu-west-1";
    await writeFile(config, `[profile reader]\n${role}\n`);
    setEnvironment(context, { AWS_CONFIG_FILE: config, AWS_ENDPOINT_URL_STS: "http://127.0.0.1:1" });
    await using parts = new AsyncDisposableStack();
    await make("10.88.5.2", tags("role"));
    const followed = await follow(parts, { profile: "reader" });
    await followed.settled;
    assert.equal(followed.status.failure?.kind, "credentials");
    process.env["AWS_ENDPOINT_URL_STS"] = moto.url;
    await become(followed, "role", ["10.88.5.2:8080"]);
    moto.freeze();
    const late = await follow(parts, { profile: "reader", timeout: 500 });
    await late.settled;
    moto.thaw();
    assert.match(late.status.failure?.message ?? "", /no credentials within 500 ms/);
    await become(late, "role", ["10.88.5.2:8080"]);
  });

  test("signatures hold; keys that are unknown or wrong are told, and new ones taken from their file", async () => {
    await using parts = new AsyncDisposableStack();
    const { accessKeyId, secretAccessKey } = await moto.user("reader");
    await moto.checkCredentials();
    await make("10.88.6.1", tags("guarded"));
    const profile = (secret: string) =>
      keep(`[discovery]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secret}\n`);
    await profile("wrong");
    const followed = await follow(parts, { profile: "discovery" });
    await followed.settled;
    assert.equal(followed.status.failure?.kind, "credentials");
    assert.doesNotMatch(followed.status.failure?.message ?? "", /wrong/);
    await profile(secretAccessKey);
    await become(followed, "guarded", ["10.88.6.1:8080"]);
    assert.equal(followed.status.state, "synced");
  });
});

/** AWS' providers read the environment. It is as it was when the test has ended. */
function setEnvironment(context: TestContext, values: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(values)) {
    const before = process.env[name];
    process.env[name] = value;
    context.after(() => {
      if (before === undefined) delete process.env[name];
      else process.env[name] = before;
    });
  }
}
