import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { suite, test } from "node:test";
import { temporaryDirectory } from "../../test/integration/support/temp-dir.ts";
import { run } from "./program.ts";

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function binnacle(cwd: string, ...argv: string[]): Promise<Outcome> {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const code = await run(argv, {
    version: "1.2.3",
    stdout,
    stderr,
    env: { HOME: cwd },
    cwd,
    signal: new AbortController().signal,
  });
  stdout.end();
  stderr.end();
  return { code, stdout: await text(stdout), stderr: await text(stderr) };
}

const INGRESS = `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: shop, namespace: team-shop }
spec:
  rules:
    - host: shop.test
      http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: shop, port: { number: 80 } } } }] }
`;
const SERVICE = `---
apiVersion: v1
kind: Service
metadata: { name: shop, namespace: team-shop }
spec: { ports: [{ port: 80 }] }
`;

suite("binnacle", () => {
  test("--help names every command and each command has help", async () => {
    const { code, stdout } = await binnacle("/", "--help");
    assert.equal(code, 0);
    for (const name of [
      "up",
      "check",
      "convert",
      "crds",
      "get",
      "backends",
      "status",
      "remote-envoy",
      "sign-in",
      "tail",
      "top",
      "user",
    ]) {
      assert.match(stdout, new RegExp(`^  ${name} `, "m"));
      const help = await binnacle("/", name, "--help");
      assert.equal(help.code, 0);
      assert.match(help.stdout, /^Usage: binnacle /);
    }
  });

  test("--version prints it", async () => {
    assert.deepEqual(await binnacle("/", "--version"), { code: 0, stdout: "1.2.3\n", stderr: "" });
  });

  test("wrong usage ends with 2, and names what to use", async () => {
    assert.equal((await binnacle("/", "fly")).code, 2);
    assert.match((await binnacle("/", "fly")).stderr, /unknown command 'fly'/);
    assert.match(
      (await binnacle("/", "get", "ingresses", "-o", "xml")).stderr,
      /Allowed choices are table, wide, yaml, json, name/,
    );
  });

  test("an unknown kind is told with those that there are", async () => {
    const { code, stderr } = await binnacle("/", "get", "deployments");
    assert.equal(code, 1);
    assert.match(stderr, /there is no kind deployments\n {2}fix: use one of .*ingresses/);
    const slip = await binnacle("/", "get", "ingreses");
    assert.match(slip.stderr, /there is no kind ingreses\n {2}fix: did you mean ingresses\? use one of /);
  });

  test("a command that needs a running appliance says how to start one", async () => {
    await using home = await temporaryDirectory("cli");
    const { code, stderr } = await binnacle(home.path, "status");
    assert.equal(code, 1);
    assert.match(stderr, /no appliance runs with the state directory .*binnacle\n {2}fix: /);
    assert.match(stderr, /npm run up/);
  });

  test("the script for a remote Envoy names the control plane and holds no key", async () => {
    await using home = await temporaryDirectory("cli");
    const file = join(home.path, "binnacle.yaml");
    await writeFile(
      file,
      "xds: { remote: { address: 0.0.0.0, port: 18123, certificateFile: a.pem, keyFile: b.pem, clientCaFile: c.pem } }\n",
    );
    const wishes = ["--config", file, "--id", "edge-1", "--host", "control.example.com"];
    const { code, stdout } = await binnacle(home.path, "remote-envoy", ...wishes);
    assert.equal(code, 0);
    assert.match(stdout, /^#!\/bin\/sh\n/);
    assert.match(stdout, /"address": "control\.example\.com",\s+"port_value": 18123/);
    assert.doesNotMatch(stdout, /PRIVATE KEY/);
    const without = await binnacle("/", "remote-envoy", "--id", "edge-1", "--host", "x");
    assert.match(without.stderr, /fix: set xds\.remote/);
  });

  test("what is no address is not explained", async () => {
    const { code, stderr } = await binnacle("/", "explain", "%%%");
    assert.equal(code, 1);
    assert.match(stderr, /"%%%" is no address/);
  });

  test("a filter that is not understood is told whole", async () => {
    const { code, stderr } = await binnacle("/", "tail", "--code", "6xx", "--slower-than", "soon");
    assert.equal(code, 1);
    assert.match(stderr, /--code: /);
    assert.match(stderr, /--slower-than: /);
  });

  suite("check", () => {
    test("good manifests end with 0", async () => {
      await using home = await temporaryDirectory("cli");
      await writeFile(join(home.path, "shop.yaml"), INGRESS + SERVICE);
      const { code, stdout } = await binnacle(home.path, "check", join(home.path, "shop.yaml"));
      assert.deepEqual({ code, stdout }, { code: 0, stdout: "1 file, 2 objects: 0 errors, 0 warnings\n" });
    });

    test("without anything to check it says what to name", async () => {
      await using home = await temporaryDirectory("cli");
      const { code, stderr } = await binnacle(home.path, "check");
      assert.equal(code, 1);
      assert.match(stderr, /nothing to check: .*manifests does not exist\n {2}fix: name manifests or folders/);
    });

    test("what translation would complain about is told with file, line and fix", async () => {
      await using home = await temporaryDirectory("cli");
      await mkdir(join(home.path, "manifests"));
      await writeFile(join(home.path, "manifests", "shop.yaml"), INGRESS);
      await writeFile(
        join(home.path, "manifests", "broken.yaml"),
        "apiVersion: v1\nkind: Service\nmetadata: {name: Shop}\n",
      );
      const { code, stdout } = await binnacle(home.path, "check", join(home.path, "manifests"));
      assert.equal(code, 1);
      assert.match(stdout, /^error: .*broken\.yaml:3: .*metadata\.name: /m);
      assert.match(
        stdout,
        /^error: .*shop\.yaml:1: Ingress team-shop\/shop spec\.rules\[0\].*Service team-shop\/shop does not exist.*; create Service shop/m,
      );
      assert.match(stdout, /^2 files, 1 object: 3 errors, 0 warnings$/m);
    });

    test("json has every problem with its object", async () => {
      await using home = await temporaryDirectory("cli");
      await writeFile(join(home.path, "shop.yaml"), INGRESS);
      const { code, stdout } = await binnacle(home.path, "check", "-o", "json", join(home.path, "shop.yaml"));
      assert.equal(code, 1);
      const answer = JSON.parse(stdout) as { errors: number; problems: { ref: unknown; reason: string }[] };
      assert.equal(answer.errors, 1);
      assert.deepEqual(answer.problems[0]?.ref, { kind: "Ingress", namespace: "team-shop", name: "shop" });
      assert.equal(answer.problems[0]?.reason, "ServiceNotFound");
    });

    test("a configuration with problems is refused with all of them", async () => {
      await using home = await temporaryDirectory("cli");
      const file = join(home.path, "binnacle.yaml");
      await writeFile(file, "listners: []\nlog: {level: loud}\n");
      const { code, stderr } = await binnacle(home.path, "check", "--config", file);
      assert.equal(code, 1);
      assert.match(stderr, /binnacle\.yaml:1: listners: /);
      assert.match(stderr, /binnacle\.yaml:2: log\.level: /);
    });
  });
});
