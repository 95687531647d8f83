import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { applianceConfig, ApplianceProcess } from "../../integration/support/appliance-process.ts";
import { freePorts } from "../../integration/support/free-port.ts";
import { httpGet } from "../../integration/support/http-get.ts";
import { temporaryDirectory } from "../../integration/support/temp-dir.ts";
import { until } from "../../integration/support/until.ts";
import { Upstream } from "../../integration/support/upstream.ts";
import { Moto } from "../support/moto.ts";

const REGION = "eu-west-1";
const TAGS = { "binnacle.service": "web", "binnacle.port": "8080", "binnacle.team": "shop" };

test(
  "binnacle up serves instances while they come and go, and while the API hangs, without losing a request",
  { timeout: 300_000 },
  async () => {
    await using moto = await Moto.start();
    await using stack = new AsyncDisposableStack();
    const [first, second, third] = ["10.88.1.1", "10.88.1.2", "10.88.1.3"] as const;
    for (const host of [first, second, third])
      stack.use(await Upstream.start({ host, port: 8080, respond: () => ({ body: host }) }));
    const { subnet } = await moto.subnet(REGION, "10.88.0.0/16");
    const make = (address: string) => moto.run(REGION, { address, subnet, tags: TAGS });
    await make(first);
    const goes = await make(second);

    await using home = await temporaryDirectory("ec2");
    const ports = await freePorts(4);
    const [http = 0, , api = 0] = ports;
    await mkdir(join(home.path, "manifests"));
    await writeFile(join(home.path, "keys"), "[default]\naws_access_key_id = a\naws_secret_access_key = b\n");
    await writeFile(join(home.path, "manifests/shop.yaml"), INGRESS);
    await writeFile(
      join(home.path, "binnacle.yaml"),
      applianceConfig(
        ports,
        `backends:
  - name: aws
    ec2: {regions: [${REGION}], endpoint: "${moto.url}", credentialsFile: keys, interval: 1s, timeout: 5s}
    namespaces: {map: {shop: team-shop}}
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
        await until(() => seen.size >= hosts.length, { what: "answers", timeoutMs: 5000 }).catch(() => {});
        return [...seen].sort().join();
      };
      await until(look, { accept: (now) => now === wanted, what: wanted, timeoutMs: 60_000 });
    };
    await answering(first, second);
    await make(third);
    await answering(first, second, third);
    moto.freeze();
    await answering(first, second, third);
    moto.thaw();
    await moto.call(REGION, "StopInstances", { "InstanceId.1": goes });
    await answering(first, third);
    await moto.call(REGION, "TerminateInstances", { "InstanceId.1": goes });
    await answering(first, third);
    stop.abort();
    await load;
    assert.deepEqual(failures, []);
  },
);

const INGRESS = `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop, namespace: team-shop}
spec:
  rules:
  - host: shop.example
    http:
      paths: [{path: /, pathType: Prefix, backend: {service: {name: aws-web, port: {number: 8080}}}}]
`;
