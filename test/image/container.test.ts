import assert from "node:assert/strict";
import { chown, lstat, mkdir, readdir, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { after, before, suite, test } from "node:test";
import { httpGet } from "../integration/support/http-get.ts";
import { SteadyLoad } from "../integration/support/steady-load.ts";
import { temporaryDirectory } from "../integration/support/temp-dir.ts";
import { until } from "../integration/support/until.ts";
import { claimPodSubnet } from "../kubernetes/support/pod-network.ts";
import { Container, type ContainerOptions } from "./support/container.ts";
import { containerNetwork } from "./support/container-network.ts";
import { killControlPlane } from "./support/kill-control-plane.ts";
import { unpackImage, type UnpackedImage } from "./support/unpacked-image.ts";

const USER = 65532;
let image: UnpackedImage;
const READY = "fetch('http://127.0.0.1:8600/readyz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))";
const CONFIG = `listeners: [{ name: http, address: 0.0.0.0, port: 8080, protocol: http }]
sources: { directory: manifests }
envoy: { drainTime: 1s }
`;
const MANIFEST = `apiVersion: projectcontour.io/v1
kind: HTTPProxy
metadata: { namespace: shop, name: web }
spec:
  virtualhost: { fqdn: shop.example }
  routes: [{ conditions: [{ prefix: / }], directResponsePolicy: { statusCode: 200, body: from the container } }]
`;

/** A container of the image with an address here, a volume for its state and a folder with its configuration. */
async function started(stack: AsyncDisposableStack, options: Partial<ContainerOptions> = {}) {
  const subnet = stack.use(await claimPodSubnet());
  const address = `${subnet.prefix}.2`;
  const network = stack.use(await containerNetwork(address));
  const folder = stack.use(await temporaryDirectory("volumes"));
  const [state, config] = [join(folder.path, "state"), join(folder.path, "config")];
  await mkdir(state);
  await chown(state, USER, USER);
  await mkdir(join(config, "manifests"), { recursive: true });
  await writeFile(join(config, "binnacle.yaml"), CONFIG);
  await writeFile(join(config, "manifests", "shop.yaml"), MANIFEST);
  const volumes = { writable: { "/var/lib/binnacle": state }, readable: { "/etc/binnacle": config } };
  const container = stack.use(await Container.start({ image, network: network.path, ...volumes, ...options }));
  return { container, address, config };
}

async function ready(container: Container): Promise<void> {
  const isReady = async () => (await container.exec("node", "-e", READY)).code === 0;
  await until(isReady, { timeoutMs: 90_000, intervalMs: 200, what: "readiness" }).catch((cause: unknown) => {
    throw new Error(`not ready:\n${container.output}`, { cause });
  });
}

suite(
  "the image in a container: its user, no capabilities, a root that cannot be written",
  { timeout: 300_000 },
  () => {
    before(async () => {
      image = await unpackImage();
    });
    after(() => image[Symbol.asyncDispose]());

    test("it serves, answers its command, and ends in order", async () => {
      await using stack = new AsyncDisposableStack();
      const { container, address } = await started(stack, { memoryLimit: 2 ** 30 });
      await ready(container);
      const { status, body } = await httpGet({ address, port: 8080 }, "/", { host: "shop.example" });
      assert.deepEqual({ status, body }, { status: 200, body: "from the container" });
      const asked = await container.exec("binnacle", "status");
      assert.equal(asked.code, 0, asked.output);
      for (const part of ["envoy", "prometheus", "alertmanager"])
        assert.match(asked.output, new RegExp(`^${part} .*running`, "m"));
      assert.doesNotMatch(container.output, /\b(warn|error)\b/);
      assert.equal(await container.stop(60_000), 0, container.output);
    });

    test("a control plane that is killed takes no request with it: Envoy serves on, another control plane adopts it", async (t) => {
      await using stack = new AsyncDisposableStack();
      const { container, address, config } = await started(stack);
      await ready(container);
      await using load = new SteadyLoad({ address, port: 8080, host: "shop.example" });
      await until(() => load.requests > 20, { what: "traffic" });
      const since = performance.now();
      await killControlPlane(container);
      await until(() => container.output.includes("Envoy was running already"), {
        timeoutMs: 60_000,
        what: "the next",
      });
      await ready(container);
      t.diagnostic(`ready again ${((performance.now() - since) / 1000).toFixed(1)} s after SIGKILL`);
      await writeFile(join(config, "manifests", "shop.yaml"), MANIFEST.replace("from the container", "changed"));
      const changed = () => httpGet({ address, port: 8080 }, "/", { host: "shop.example" });
      await until(changed, { accept: ({ body }) => body === "changed", what: "a change by the next control plane" });
      const tally = await load.end();
      assert.deepEqual(Object.keys(tally), ["200"], JSON.stringify(tally));
      assert.equal(await container.stop(60_000), 0, container.output);
      assert.match(container.output, /ended with code 137; Envoy serves on/);
    });

    test("asked to end while it starts, it ends", async () => {
      await using stack = new AsyncDisposableStack();
      const { container } = await started(stack);
      // Killed after the grace period it would be 137.
      assert.ok([0, 143].includes(await container.stop(60_000)), container.output);
    });

    test("without a configuration it is the quick start", async () => {
      await using stack = new AsyncDisposableStack();
      const { container } = await started(stack, { readable: {} });
      await ready(container);
      const asked = await container.exec("binnacle", "get", "ingresses", "--namespace", "team-shop");
      assert.match(asked.output, /shop\.localhost/);
    });

    test("what it cannot do it says, and ends with a code that is no success", async () => {
      await using stack = new AsyncDisposableStack();
      const wrong = await started(stack, { args: ["up", "--config", "/etc/binnacle/none.yaml"] });
      assert.notEqual(await wrong.container.ended, 0);
      assert.match(wrong.container.output, /could not read the configuration \/etc\/binnacle\/none\.yaml/);
      const noVolume = await started(stack, { writable: {} });
      assert.notEqual(await noVolume.container.ended, 0);
      assert.match(noVolume.container.output, /\/var\/lib\/binnacle/);
    });

    test("every program in it runs, and nothing in it but two empty folders is its user's to write", async () => {
      await using network = await containerNetwork();
      const programs = ["/usr/bin/jsonnet", "/usr/bin/prometheus", "/usr/bin/prometheus-alertmanager"];
      for (const program of [...programs, "/usr/local/bin/binnacle", "/usr/local/bin/envoy", "/usr/local/bin/node"]) {
        const options = { image, network: network.path, command: [program], args: ["--version"] };
        await using container = await Container.start(options);
        assert.equal(await container.ended, 0, `${program}: ${container.output}`);
      }
      const writable: string[] = [];
      for (const entry of await readdir(image.rootfs, { recursive: true, withFileTypes: true })) {
        const path = join(entry.parentPath, entry.name);
        const { uid, mode } = await lstat(path);
        if (uid !== 0 || (!entry.isSymbolicLink() && (mode & 0o022) !== 0)) writable.push(relative(image.rootfs, path));
      }
      assert.deepEqual(writable.sort(), ["tmp", "var/lib/binnacle"]);
    });
  },
);
