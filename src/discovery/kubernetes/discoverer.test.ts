import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { KubeError } from "#kubernetes/kube-error.ts";
import type { KubeObject, ResourceType } from "#kubernetes/resource-type.ts";
import { ScriptedClient } from "#kubernetes/scripted-client.ts";
import { silentLogger } from "#lib/log.ts";
import type { DiscoveryReport } from "../discoverer.ts";
import { KubernetesDiscoverer } from "./discoverer.ts";

const meta = (name: string, resourceVersion: string, extra: object = {}) => ({
  metadata: { name, namespace: "shop", uid: name, resourceVersion, ...extra },
});
const service = (name: string, version = "1"): KubeObject => ({
  ...meta(name, version),
  spec: { ports: [{ port: 80 }] },
});
const slice = (name: string, address: string, version = "1"): KubeObject => ({
  ...meta(`${name}-x`, version, { labels: { "kubernetes.io/service-name": name } }),
  addressType: "IPv4",
  ports: [{ port: 8080 }],
  endpoints: [{ addresses: [address] }],
});
const endpoints = (name: string, address: string): KubeObject => ({
  ...meta(name, "1"),
  subsets: [{ addresses: [{ ip: address }], ports: [{ port: 8080 }] }],
});

/** What a discoverer told, in words, and on which one can wait. */
class Recorded implements DiscoveryReport {
  readonly told: string[] = [];
  #look = (): void => {};

  full({ services }: Parameters<DiscoveryReport["full"]>[0]): void {
    this.#note(`full ${services.map(words).join(" ")}`);
  }
  changed(upserts: Parameters<DiscoveryReport["changed"]>[0], removals: readonly string[]): void {
    this.#note(`changed ${upserts.map(words).join(" ")} gone ${removals.join(" ")}`);
  }
  reported(): readonly [] {
    return [];
  }
  inStep(): void {
    this.#note("in step");
  }
  failed({ kind }: Parameters<DiscoveryReport["failed"]>[0]): void {
    this.#note(`failed ${kind}`);
  }
  problems(problems: Parameters<DiscoveryReport["problems"]>[0]): void {
    this.#note(`problems ${problems.map(({ message }) => message).join("; ")}`);
  }

  async next(count: number): Promise<readonly string[]> {
    while (this.told.length < count) await new Promise<void>((resolve) => (this.#look = resolve));
    return this.told;
  }

  #note(line: string): void {
    this.told.push(line);
    this.#look();
  }
}

function words({ scope, service, endpoints }: Parameters<DiscoveryReport["changed"]>[0][number]): string {
  return `${scope}/${service}=${endpoints.flatMap((group) => group.endpoints.map(({ address }) => address)).join(",")}`;
}

class Cluster extends ScriptedClient {
  hasSlices = true;
  readonly lists = new Map<string, readonly KubeObject[]>();

  constructor() {
    super();
    this.answerList = ({ plural }: ResourceType) => ({ resourceVersion: "1", items: this.lists.get(plural) ?? [] });
  }

  override read(): Promise<unknown> {
    const missing = new KubeError("read /apis/discovery.k8s.io/v1: not found", { code: 404, reason: "NotFound" });
    return this.hasSlices ? Promise.resolve({ resources: [{ name: "endpointslices" }] }) : Promise.reject(missing);
  }

  of(plural: string) {
    const index = this.calls.filter((call) => call.startsWith("watch")).findLastIndex((call) => call.includes(plural));
    return this.watches[index]!;
  }
}

async function follow(cluster: Cluster, act: (told: Recorded) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const told = new Recorded();
  const backoff = { least: 1, most: 1 };
  const discoverer = new KubernetesDiscoverer({
    client: cluster,
    teamOf: (namespace) => (namespace === "shop" ? "team-shop" : undefined),
    log: silentLogger,
    times: { gather: 1, reflector: { backoff } },
  });
  const run = discoverer.run(told, stop.signal);
  await act(told);
  stop.abort();
  await run;
  const count = told.told.length;
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(told.told.length, count, "it tells nothing after its end");
}

suite("a Kubernetes cluster as a platform", () => {
  test("first everything, then what changed; a service of no team and the cluster's own are left out", async () => {
    const cluster = new Cluster();
    const elsewhere = { ...service("x"), metadata: { name: "x", namespace: "other", uid: "x", resourceVersion: "1" } };
    cluster.lists.set("services", [service("cart"), service("web"), elsewhere]);
    cluster.lists.set("endpointslices", [slice("cart", "10.0.0.1")]);
    await follow(cluster, async (told) => {
      assert.deepEqual(await told.next(1), ["full shop/cart=10.0.0.1 shop/web="]);
      cluster.of("endpointslices").send("MODIFIED", slice("cart", "10.0.0.2", "2"));
      await told.next(2);
      cluster.of("services").send("DELETED", service("web"));
      assert.deepEqual((await told.next(3)).slice(1), ["changed shop/cart=10.0.0.2 gone ", "changed  gone shop/web"]);
    });
  });

  test("an old server without EndpointSlices is read by its Endpoints, and asked for nothing newer", async () => {
    const cluster = new Cluster();
    cluster.hasSlices = false;
    cluster.lists.set("services", [service("cart")]);
    cluster.lists.set("endpoints", [endpoints("cart", "10.0.0.1")]);
    await follow(cluster, async (told) => {
      assert.deepEqual(await told.next(1), ["full shop/cart=10.0.0.1"]);
      assert.deepEqual(
        cluster.calls.filter((call) => !/^(list|watch) (services|endpoints)( |$)/.test(call)),
        [],
      );
    });
  });

  test("a failure is told, tried again, and followed by everything there is", async () => {
    const cluster = new Cluster();
    const answer = cluster.answerList;
    const forbidden = new KubeError("list services: forbidden", { code: 403, reason: "Forbidden" });
    cluster.answerList = (type) => (type.plural === "services" ? forbidden : answer(type));
    cluster.lists.set("services", [service("cart")]);
    await follow(cluster, async (told) => {
      assert.deepEqual(await told.next(1), ["failed forbidden"]);
      cluster.answerList = answer;
      while (told.told.at(-1)?.startsWith("failed") === true) await told.next(told.told.length + 1);
      assert.equal(told.told.at(-1), "full shop/cart=");
    });
  });

  test("what answers 404 to everything is no cluster: told, and asked less and less often", async () => {
    const cluster = new Cluster();
    cluster.hasSlices = false;
    cluster.answerList = () => new KubeError("list: not found", { code: 404, reason: "NotFound" });
    await follow(cluster, async (told) => {
      assert.deepEqual(await told.next(2), ["failed invalid", "failed invalid"]);
    });
  });

  test("a server that says it has EndpointSlices and then has none is not asked as fast as it answers", async () => {
    const cluster = new Cluster();
    let reads = 0;
    const read = cluster.read.bind(cluster);
    cluster.read = () => {
      reads += 1;
      return read();
    };
    cluster.answerList = ({ plural }) =>
      plural === "endpointslices"
        ? new KubeError("list endpointslices: not found", { code: 404, reason: "NotFound" })
        : { resourceVersion: "1", items: [] };
    await follow(cluster, async () => {
      for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
    });
    assert.ok(reads < 10, `asked ${reads} times`);
  });

  test("a gap in the watch ends in a full set: what was deleted meanwhile is not in it", async () => {
    const cluster = new Cluster();
    cluster.lists.set("services", [service("cart"), service("web")]);
    await follow(cluster, async (told) => {
      await told.next(1);
      cluster.lists.set("services", [service("web")]);
      cluster.of("services").end(new KubeError("too old", { code: 410, reason: "Expired" }));
      assert.deepEqual((await told.next(2)).slice(1), ["full shop/web="]);
    });
  });

  test("an object that cannot be read keeps its form before, and is told", async () => {
    const cluster = new Cluster();
    cluster.lists.set("services", [service("cart")]);
    await follow(cluster, async (told) => {
      await told.next(1);
      const broken = { ...service("cart", "2"), spec: { ports: [{ port: 99_999 }] } };
      cluster.of("services").send("MODIFIED", broken);
      const [, ...after] = await told.next(3);
      assert.equal(after[0], "in step");
      assert.match(after[1] ?? "", /^problems Service shop\/cart: /);
    });
  });

  test("an end in mid-failure is an end", async () => {
    const cluster = new Cluster();
    cluster.answerList = () => new KubeError("list: no answer", { code: 0, reason: "Unreachable" });
    await follow(cluster, async (told) => {
      assert.equal((await told.next(1))[0], "failed unreachable");
    });
  });
});
