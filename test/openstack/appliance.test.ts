import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { applianceConfig, ApplianceProcess } from "../integration/support/appliance-process.ts";
import { freePorts } from "../integration/support/free-port.ts";
import { httpGet } from "../integration/support/http-get.ts";
import { temporaryDirectory } from "../integration/support/temp-dir.ts";
import { until } from "../integration/support/until.ts";
import { Upstream } from "../integration/support/upstream.ts";
import { Session } from "./support/admin.ts";
import { OpenStackBed } from "./support/openstack-bed.ts";

test(
  "binnacle up serves a load balancer's members while they change, and while its cloud hangs, without losing a request",
  { timeout: 600_000 },
  async () => {
    await using bed = await OpenStackBed.start();
    await using stack = new AsyncDisposableStack();
    for (const host of ["10.88.1.1", "10.88.1.2", "10.88.1.3"])
      stack.use(await Upstream.start({ host, port: 8080, respond: () => ({ body: host }) }));
    const blue = await Session.begin(bed, "team-blue-user", "team-blue-user-pw", "team-blue");
    const first = async (kind: string): Promise<string> => {
      const answer = await blue.balancing("GET", `/${kind}?name=web`);
      return (answer[kind] as { id: string }[])[0]?.id ?? "";
    };
    const [balancer, pool] = [await first("loadbalancers"), await first("pools")];

    await using home = await temporaryDirectory("openstack");
    const ports = await freePorts(4);
    const [http = 0, , api = 0] = ports;
    await mkdir(join(home.path, "manifests"));
    await writeFile(join(home.path, "password"), "discoverer-pw");
    await writeFile(join(home.path, "manifests/shop.yaml"), ingress(`cloud-${balancer}`));
    await writeFile(
      join(home.path, "binnacle.yaml"),
      applianceConfig(
        ports,
        `backends:
  - name: cloud
    openstack: {authUrl: "${bed.authUrl}", username: discoverer, passwordFile: password, interval: 1s, timeout: 5s}
    namespaces: {allow: [team-blue], map: {team-blue: team-shop}}
upstreams: {allowLocal: [8080]}`,
      ),
    );
    await using appliance = new ApplianceProcess(home.path);
    const ready = async () => (await httpGet({ port: api }, "/readyz", { host: `127.0.0.1:${api}` })).status === 200;
    await until(ready, { timeoutMs: 60_000, what: "readiness" }).catch((error: unknown) => {
      throw new Error(`not ready: ${appliance.output}`, { cause: error });
    });

    const failures: string[] = [];
    let seen = new Set<string>();
    const stop = new AbortController();
    const load = (async () => {
      while (!stop.signal.aborted) {
        const { status, body } = await httpGet({ port: http }, "/", { host: "shop.example" });
        if (status === 200) seen.add(body);
        else failures.push(`${status} ${body}`);
      }
    })();
    const answering = async (...hosts: readonly string[]): Promise<void> => {
      const wanted = [...hosts].sort().join();
      const look = async (): Promise<string> => {
        seen = new Set();
        await until(() => seen.size > 0 && seen.size >= hosts.length, { what: "answers", timeoutMs: 5000 }).catch(
          () => {},
        );
        return [...seen].sort().join();
      };
      await until(look, { accept: (now) => now === wanted, what: wanted, timeoutMs: 60_000 });
    };
    const members = `/pools/${pool}/members`;
    await answering("10.88.1.1", "10.88.1.2");
    const made = await blue.balancing("POST", members, {
      member: { address: "10.88.1.3", protocol_port: 8080 },
    });
    await answering("10.88.1.1", "10.88.1.2", "10.88.1.3");
    bed.freeze("octavia");
    await answering("10.88.1.1", "10.88.1.2", "10.88.1.3");
    bed.thaw("octavia");
    const { id } = made["member"] as { id: string };
    await until(() => blue.balancing("DELETE", `${members}/${id}`).then(() => true), {
      timeoutMs: 60_000,
      what: "the end",
    });
    await answering("10.88.1.1", "10.88.1.2");
    stop.abort();
    await load;
    assert.deepEqual(failures, []);
  },
);

const ingress = (service: string) => `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop, namespace: team-shop}
spec:
  rules:
  - host: shop.example
    http:
      paths: [{path: /, pathType: Prefix, backend: {service: {name: ${service}, port: {number: 80}}}}]
`;
