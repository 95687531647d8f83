import assert from "node:assert/strict";
import { lstat, readdir, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { after, before, suite, test } from "node:test";
import { httpGet } from "../integration/support/http-get.ts";
import { SteadyLoad } from "../integration/support/steady-load.ts";
import { until } from "../integration/support/until.ts";
import { Container, type ContainerOptions } from "./support/container.ts";
import { containerNetwork } from "./support/container-network.ts";
import { killControlPlane } from "./support/kill-control-plane.ts";
import { readyContainer, startedContainer } from "./support/started-container.ts";
import { unpackImage, type UnpackedImage } from "./support/unpacked-image.ts";

let image: UnpackedImage;
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

const FILES = { "binnacle.yaml": CONFIG, "manifests/shop.yaml": MANIFEST };

const started = (stack: AsyncDisposableStack, options?: Partial<ContainerOptions>) =>
  startedContainer(stack, image, () => FILES, options);

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
      await readyContainer(container);
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
      await readyContainer(container);
      await using load = new SteadyLoad({ address, port: 8080, host: "shop.example" });
      await until(() => load.requests > 20, { what: "traffic" });
      const since = performance.now();
      await killControlPlane(container);
      await until(() => container.output.includes("Envoy was running already"), {
        timeoutMs: 60_000,
        what: "the next",
      });
      await readyContainer(container);
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
      await readyContainer(container);
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
