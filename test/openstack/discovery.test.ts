import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { createOpenStackDiscoverer, type OpenStackSettings } from "#discovery/openstack/create.ts";
import { Followed } from "../contract/discovery/followed.ts";
import { temporaryDirectory, type TemporaryDirectory } from "../integration/support/temp-dir.ts";
import { until } from "../integration/support/until.ts";
import { Session } from "./support/admin.ts";
import { OpenStackBed } from "./support/openstack-bed.ts";

/** What a follower of the cloud sees of one project. */
interface Seen {
  /** `address:port`, with `!` where it is not ready and `*N` for a weight, by service. */
  readonly [service: string]: readonly string[];
}

function seen({ services }: Followed, namespace: string): Seen {
  const found = services.filter((service) => service.namespace === namespace);
  return Object.fromEntries(
    found.map(({ service, endpoints }) => [
      service,
      endpoints
        .flatMap((group) =>
          group.endpoints.map(
            ({ address, ready }) =>
              `${address}:${group.ports[0]?.port}${ready ? "" : "!"}${group.weight === undefined ? "" : `*${group.weight}`}`,
          ),
        )
        .sort(),
    ]),
  );
}

suite("OpenStack as a platform, asked of a real one", { timeout: 600_000 }, () => {
  let bed: OpenStackBed;
  let blue: Session;
  let admin: Session;
  let folder: TemporaryDirectory;
  let balancer = "";
  let pool = "";
  before(async () => {
    bed = await OpenStackBed.start();
    folder = await temporaryDirectory("openstack");
    await writeFile(join(folder.path, "password"), "discoverer-pw\n");
    blue = await Session.begin(bed, "team-blue-user", "team-blue-user-pw", "team-blue");
    admin = await Session.begin(bed, "admin", "admin", "admin");
    balancer = await named("loadbalancers", "web");
    pool = await named("pools", "web");
  });
  after(async () => {
    await bed?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  const named = async (kind: string, name: string): Promise<string> => {
    const answer = await blue.balancing("GET", `/${kind}?name=${name}`);
    return (answer[kind] as { id: string }[])[0]?.id ?? "";
  };
  const follow = async (parts: AsyncDisposableStack, overrides: Partial<OpenStackSettings> = {}): Promise<Followed> => {
    const discoverer = await createOpenStackDiscoverer({
      authUrl: bed.authUrl,
      region: "RegionOne",
      interface: "public",
      username: "discoverer",
      userDomain: "Default",
      passwordFile: join(folder.path, "password"),
      interval: 100,
      timeout: 20_000,
      atOnce: 8,
      loadBalancers: true,
      namespaces: { allow: ["team-blue", "team-green"], deny: [], map: {} },
      refuse: () => undefined,
      observe: () => {},
      parts,
      ...overrides,
    });
    return parts.use(new Followed(discoverer));
  };
  const become = async (followed: Followed, accept: (now: Seen) => boolean, what: string): Promise<Seen> =>
    await until(() => seen(followed, "team-blue"), { accept, what, timeoutMs: 60_000 });
  /** Octavia takes no change while another one is under way. */
  const active = (): Promise<unknown> =>
    until(
      async () => {
        const answer = await blue.balancing("GET", `/loadbalancers/${balancer}`);
        return (answer["loadbalancer"] as { provisioning_status: string }).provisioning_status === "ACTIVE";
      },
      { what: "the load balancer to be active", timeoutMs: 60_000 },
    );

  test("load balancers and servers of every project that the user may read, in its team's namespace", async () => {
    await using parts = new AsyncDisposableStack();
    const servers = {
      serviceKey: "binnacle.service",
      portKey: "binnacle.port",
      teamKey: "binnacle.team",
      anyTeam: false,
      addresses: "fixed",
    } as const;
    const followed = await follow(parts, { servers });
    await followed.settled;
    assert.deepEqual(followed.status.problems, []);
    assert.deepEqual(seen(followed, "team-blue"), {
      [balancer]: ["10.88.1.1:8080", "10.88.1.2:8080"],
      web: ["10.30.1.11:8080", "10.30.1.12:8080"],
    });
    assert.deepEqual(Object.values(seen(followed, "team-green")).flat(), [
      "10.88.2.1:8080",
      "10.88.2.2:8080",
      "10.30.2.11:8080",
      "10.30.2.12:8080",
    ]);
    const service = followed.services.find((one) => one.service === balancer);
    assert.deepEqual(service?.loadBalancer, { id: balancer, name: "web" });
    assert.deepEqual(service?.ports, [{ name: "port-80", port: 80, protocol: "TCP" }]);
  });

  test("members are followed: weight, switched off, found down by a monitor, added and taken away", async () => {
    await using parts = new AsyncDisposableStack();
    const followed = await follow(parts);
    await followed.settled;
    const change = async (method: string, path: string, member?: object): Promise<Record<string, unknown>> => {
      await active();
      return await blue.balancing(
        method,
        `/pools/${pool}/members${path}`,
        member === undefined ? undefined : { member },
      );
    };
    const has =
      (...members: readonly string[]) =>
      (now: Seen) =>
        String(now[balancer]) === String(members);
    const { member } = await change("POST", "", { name: "third", address: "10.88.1.3", protocol_port: 9090 });
    const { id } = member as { id: string };
    await become(followed, has("10.88.1.1:8080", "10.88.1.2:8080", "10.88.1.3:9090"), "a third member");
    await change("PUT", `/${id}`, { weight: 5 });
    await become(followed, has("10.88.1.1:8080*1", "10.88.1.2:8080*1", "10.88.1.3:9090*5"), "a weight");
    await change("PUT", `/${id}`, { weight: 1, admin_state_up: false });
    await become(followed, has("10.88.1.1:8080", "10.88.1.2:8080", "10.88.1.3:9090!"), "a member that is switched off");
    await change("PUT", `/${id}`, { admin_state_up: true });
    await become(followed, has("10.88.1.1:8080", "10.88.1.2:8080", "10.88.1.3:9090"), "a member that is on again");
    await bed.report("members", id, "ERROR");
    await become(followed, has("10.88.1.1:8080", "10.88.1.2:8080", "10.88.1.3:9090!"), "the monitor's verdict");
    await change("DELETE", `/${id}`);
    await become(followed, has("10.88.1.1:8080", "10.88.1.2:8080"), "two members");
  });

  test("a load balancer is followed from its making to its end, whatever its name", async () => {
    await using parts = new AsyncDisposableStack();
    const followed = await follow(parts);
    await followed.settled;
    const made = await blue.balancing("POST", "/loadbalancers", {
      loadbalancer: { name: "!shop:8080!", vip_subnet_id: "11111111-1111-1111-1111-111111111111" },
    });
    const { id } = made["loadbalancer"] as { id: string };
    await become(followed, (now) => id in now, "the new load balancer");
    assert.equal(followed.services.find(({ service }) => service === id)?.loadBalancer?.name, "!shop:8080!");
    await until(() => blue.balancing("DELETE", `/loadbalancers/${id}?cascade=true`).then(() => true), {
      what: "the load balancer to be deleted",
      timeoutMs: 60_000,
    });
    await become(followed, (now) => !(id in now), "its end");
  });

  test("a project of the same name in another domain does not get the namespace, unless it is mapped by its id", async () => {
    await using parts = new AsyncDisposableStack();
    const followed = await follow(parts);
    await followed.settled;
    const made = async (kind: "domain" | "project", fields: object): Promise<string> => {
      const answer = await admin.identity("POST", `/${kind}s`, { [kind]: { name: "team-blue", ...fields } });
      return (answer[kind] as { id: string }).id;
    };
    const domain = await made("domain", { name: "partners" });
    try {
      const twin = await made("project", { domain_id: domain });
      const user = await idOf("users", "discoverer");
      await admin.identity("PUT", `/projects/${twin}/users/${user}/roles/${await idOf("roles", "reader")}`);
      const told = await until(() => followed.status.problems.map(({ message }) => message).join(), {
        accept: (words) => words.includes(twin),
        what: "the twin to be refused",
        timeoutMs: 60_000,
      });
      assert.match(
        told,
        /^project team-blue of domain partners \(\w+\) would have namespace team-blue, which is project/,
      );
      assert.ok(told.includes(`project team-blue of domain Default (${blue.projectId})'s`), told);
      assert.ok(balancer in seen(followed, "team-blue"));
      const namespaces = (key: string) => ({ allow: ["team-blue"], deny: [], map: { [key]: "team-twin" } });
      for (const key of [twin, "partners/team-blue"]) {
        const mapped = await follow(parts, { namespaces: namespaces(key) });
        await mapped.settled;
        assert.ok(balancer in seen(mapped, "team-blue"), "without its twin the name is its own");
      }
    } finally {
      await admin.identity("PATCH", `/domains/${domain}`, { domain: { enabled: false } });
      await admin.identity("DELETE", `/domains/${domain}`);
    }
  });

  test("a project that the user may not read is that project's problem alone, until it may again", async () => {
    const user = await idOf("users", "discoverer");
    const usual = [await idOf("roles", "load-balancer_observer"), await idOf("roles", "reader")];
    const other = await idOf("roles", "service");
    const assign = (method: string, role: string) =>
      admin.identity(method, `/projects/${blue.projectId}/users/${user}/roles/${role}`);
    // Without any role the project would not be the user's at all.
    await assign("PUT", other);
    for (const role of usual) await assign("DELETE", role);
    await using parts = new AsyncDisposableStack();
    const followed = await follow(parts);
    try {
      await followed.settled;
      assert.equal(followed.status.state, "synced");
      const [problem, ...others] = followed.status.problems;
      assert.match(problem?.message ?? "", /^project team-blue cannot be read, .*: 403 /);
      assert.deepEqual(others, []);
      assert.deepEqual(Object.keys(seen(followed, "team-green")).length, 1);
    } finally {
      for (const role of usual) await assign("PUT", role);
      await assign("DELETE", other);
    }
    await become(followed, (now) => balancer in now, "the project's load balancer");
    await until(() => followed.status.problems.length === 0, { what: "the problem to be gone" });
  });

  test("a hung API makes it stale, with all that was known; afterwards it is in step again", async () => {
    await using parts = new AsyncDisposableStack();
    const followed = await follow(parts, { timeout: 5000 });
    const isIn = (state: string) =>
      until(() => followed.status.state === state, { what: `to be ${state}`, timeoutMs: 60_000 });
    await isIn("synced");
    const known = seen(followed, "team-blue");
    bed.freeze("octavia");
    await isIn("stale");
    assert.equal(followed.status.failure?.kind, "timeout");
    assert.deepEqual(seen(followed, "team-blue"), known);
    bed.thaw("octavia");
    await isIn("synced");
  });

  test("an application credential reaches its one project; wrong credentials are told as such", async () => {
    const user = await Session.begin(bed, "discoverer", "discoverer-pw", "team-blue");
    const id = await idOf("users", "discoverer");
    const made = await user.identity("POST", `/users/${id}/application_credentials`, {
      application_credential: { name: `test-${process.pid}` },
    });
    const credential = made["application_credential"] as { id: string; secret: string };
    const secretFile = join(folder.path, "secret");
    await writeFile(secretFile, credential.secret);
    await using parts = new AsyncDisposableStack();
    const followed = await follow(parts, { applicationCredential: { id: credential.id, secretFile } });
    await followed.settled;
    assert.deepEqual(Object.keys(seen(followed, "team-blue")), [balancer]);
    assert.deepEqual(seen(followed, "team-green"), {});
    await writeFile(secretFile, "wrong");
    const refused = await follow(parts, { applicationCredential: { id: credential.id, secretFile } });
    await refused.settled;
    assert.equal(refused.status.failure?.kind, "credentials");
    await user.identity("DELETE", `/users/${id}/application_credentials/${credential.id}`);
  });

  const idOf = async (kind: string, name: string): Promise<string> => {
    const answer = await admin.identity("GET", `/${kind}?name=${name}`);
    return (answer[kind] as { id: string }[])[0]?.id ?? "";
  };
});
