import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { BackendDetailAnswer } from "#api/answers.ts";
import { binnacle } from "../integration/support/cli.ts";
import { httpGet } from "../integration/support/http-get.ts";
import { temporaryDirectory } from "../integration/support/temp-dir.ts";
import { until } from "../integration/support/until.ts";
import { createNamespace } from "./support/access.ts";
import { KubeBox } from "./support/kubebox.ts";
import { Member } from "./support/member.ts";

const NAMES = Array.from({ length: 12 }, (_, index) => `s${index}`);

test(
  "what is held is confirmed at the control plane that leads; the other says where, and follows",
  { timeout: 240_000 },
  async () => {
    await using boxes = new AsyncDisposableStack();
    const start = () => KubeBox.start({ controllers: [] }).then((box) => boxes.use(box));
    const [home, east] = await Promise.all([start(), start()]);
    for (const name of ["shop", "binnacle-system"]) await createNamespace(home.admin, name);
    await createNamespace(east.admin, "shop");
    for (const name of NAMES) {
      const metadata = { namespace: "shop", name };
      await east.admin.apply({ apiVersion: "v1", kind: "Service", metadata, spec: { ports: [{ port: 80 }] } });
    }
    await using folder = await temporaryDirectory("held");
    const settings = `sources: {cluster: {kubeconfig: ${await home.kubeconfigFile()}}}
backends: [{name: east, kubernetes: {kubeconfig: ${await east.kubeconfigFile()}}}]`;
    const states = ["one", "two"].map((name) => join(folder.path, name));
    const placed = async (): Promise<number> =>
      (await home.admin.get<{ items: readonly unknown[] }>("/api/v1/namespaces/shop/services")).items.length;
    {
      const first = join(folder.path, "before");
      await using before = await Member.start(first, settings);
      await until(placed, { accept: (count) => count === NAMES.length, what: "all services" });
      const token = (await readFile(join(first, "state/token"), "utf8")).trim();
      const asked = { host: `127.0.0.1:${before.api}`, headers: { authorization: `Bearer ${token}` } };
      const measured = (await httpGet({ port: before.api }, "/metrics", asked)).body.split("\n");
      for (const line of [
        'binnacle_platform_requests_total{backend="east",verb="list",resource="services",code="200"} 1',
        'binnacle_platform_requests_total{backend="east",verb="watch",resource="endpointslices.discovery.k8s.io",code="200"} 1',
        'binnacle_platform_request_duration_seconds_count{backend="east",verb="list",resource="services"} 1',
        `binnacle_platform_requests_total{backend="local",verb="create",resource="services",code="201"} ${NAMES.length}`,
        `binnacle_discovery_replicated_services{backend="east",namespace="shop"} ${NAMES.length}`,
        'binnacle_discovery_lag_seconds{backend="east"} 0',
      ])
        assert.ok(measured.includes(line), line);
    }
    // They go while nobody looks: both find it so at their start.
    for (const name of NAMES) await east.admin.delete(`/api/v1/namespaces/shop/services/${name}`);
    await using _one = await Member.start(states[0] ?? "", settings);
    await using _two = await Member.start(states[1] ?? "", settings);
    const held = async (member: string): Promise<number> => {
      const { stdout } = await binnacle(join(member, "state"), "backends", "show", "east", "-o", "json");
      return stdout === "" ? 0 : (JSON.parse(stdout) as BackendDetailAnswer).held.length;
    };
    for (const member of states) {
      await until(() => held(member), { accept: (count) => count === NAMES.length, what: "what is held" });
    }
    const confirm = (member: string) => binnacle(join(member, "state"), "backends", "confirm", "east");
    const outcomes = new Map<number, string>();
    // One of them leads after a moment; whoever does not says who does.
    await until(
      async () => {
        for (const member of states) {
          const { code, stdout, stderr } = await confirm(member);
          if (/no control plane leads/.test(stderr) || outcomes.has(code)) continue;
          outcomes.set(code, code === 0 ? stdout : stderr);
        }
        return outcomes.size;
      },
      { accept: (size) => size === 2, what: "a leader", timeoutMs: 30_000 },
    );
    assert.match(outcomes.get(0) ?? "", /^12 services of backend east take effect/);
    assert.match(outcomes.get(1) ?? "", /leads and writes, not this control plane\n {2}fix: do it there/);
    await until(placed, { accept: (count) => count === 0, what: "their end in the home" });
    for (const member of states) {
      await until(() => held(member), { accept: (count) => count === 0, what: "nothing held", timeoutMs: 60_000 });
    }
    assert.equal(await placed(), 0);
  },
);
