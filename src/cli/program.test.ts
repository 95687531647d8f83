import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { suite, test } from "node:test";
import { temporaryDirectory } from "../../test/integration/support/temp-dir.ts";
import { run } from "./program.ts";

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function binnacle(
  where: string | { readonly cwd: string; readonly stdin: string },
  ...argv: readonly string[]
): Promise<Outcome> {
  const { cwd, stdin } = typeof where === "string" ? { cwd: where, stdin: "" } : where;
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const code = await run(argv, {
    version: "1.2.3",
    stdout,
    stderr,
    stdin: Readable.from([stdin]),
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
      "completion",
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
    const wrong: readonly (readonly [readonly string[], string])[] = [
      [["fly"], "unknown command 'fly'\n  fix: see `binnacle --help`"],
      [["gte", "ing"], "unknown command 'gte'\n  fix: did you mean get? see `binnacle --help`"],
      [["backends", "lsit"], "unknown command 'lsit'\n  fix: did you mean list? see `binnacle backends --help`"],
      [
        ["get", "ing", "--otput", "yaml"],
        "unknown option '--otput'\n  fix: did you mean --output? see `binnacle get --help`",
      ],
      [
        ["get", "ing", "-o", "yml"],
        "option '-o, --output <format>' argument 'yml' is invalid. Allowed choices are table, wide, yaml, json, name\n" +
          "  fix: did you mean yaml? see `binnacle get --help`",
      ],
      [["get"], "missing required argument 'kind'\n  fix: see `binnacle get --help`"],
      [
        ["get", "ing", "a/b"],
        "a/b after ing is no name\n  fix: write each as ing/shop, or one kind and then names: ing shop blog",
      ],
      [
        ["get", "ing/a", "b"],
        "b is no KIND/NAME\n  fix: write each as ing/shop, or one kind and then names: ing shop blog",
      ],
      [["status", "--api", "x"], "x is no address of an API\n  fix: write one such as https://binnacle.example.com"],
    ];
    for (const [argv, words] of wrong) {
      assert.deepEqual(await binnacle("/", ...argv), { code: 2, stdout: "", stderr: `binnacle: ${words}\n` });
    }
  });

  test("no line of any help is wider than a terminal", async () => {
    const pages = [(await binnacle("/", "--help")).stdout];
    const commands = pages[0]?.matchAll(/^  ([a-z][\w-]+) /gm) ?? [];
    for (const [, name = ""] of commands) {
      const page = (await binnacle("/", name, "--help")).stdout;
      pages.push(page);
      for (const [, below = ""] of page.match(/^Commands:\n[^]*/m)?.[0].matchAll(/^  ([a-z][\w-]+) /gm) ?? []) {
        pages.push((await binnacle("/", name, below, "--help")).stdout);
      }
    }
    assert.ok(pages.length > 20, `found ${pages.length} pages of help`);
    assert.deepEqual(
      pages.flatMap((page) => page.split("\n")).filter((line) => line.length > 80),
      [],
    );
  });

  test("an unknown kind is told with those that there are", async () => {
    const { code, stderr } = await binnacle("/", "get", "deployments");
    assert.equal(code, 2);
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
    assert.equal(code, 2);
    assert.match(stderr, /"%%%" is no address/);
  });

  test("a filter that is not understood is told whole", async () => {
    const { code, stderr } = await binnacle("/", "tail", "--code", "6xx", "--slower-than", "soon");
    assert.equal(code, 2);
    assert.match(stderr, /--code: /);
    assert.match(stderr, /--slower-than: /);
  });

  test("what cannot be read is told in words, and nothing is said about the rest", async () => {
    await using home = await temporaryDirectory("cli");
    await mkdir(join(home.path, "empty"));
    const config = `could not read the configuration ${home.path}`;
    const another = "\n  fix: name another with --config FILE";
    const none =
      "there are no manifests in empty\n  fix: name files, or folders with files that end in .yaml, .yml or .json";
    const gone = "not all manifests can be read:\n  gone.yaml: cannot read it: it does not exist";
    const wrong: readonly (readonly [readonly string[], number, string])[] = [
      [["check", "--config", "gone.yaml"], 1, `${config}/gone.yaml: it does not exist (ENOENT)${another}`],
      [["check", "--config", "."], 1, `${config}: it is a folder, and no file (EISDIR)${another}`],
      [["explain", "a.test", "--files", "gone.yaml"], 1, gone],
      [["explain", "a.test", "--files", "empty"], 1, none],
      [["diff", "gone.yaml"], 2, gone],
      [["diff", "empty"], 2, none],
      [["diff", "empty", "--against", "empty"], 2, none],
      [["convert", "empty"], 1, none],
    ];
    for (const [argv, code, words] of wrong) {
      assert.deepEqual(await binnacle(home.path, ...argv), { code, stdout: "", stderr: `binnacle: ${words}\n` });
    }
  });

  test("explain tells what is wrong with the manifests that it is about", async () => {
    await using home = await temporaryDirectory("cli");
    await writeFile(join(home.path, "shop.yaml"), `${INGRESS}${SERVICE}---\nkind: [\n`);
    const { code, stdout, stderr } = await binnacle(home.path, "explain", "shop.test/x", "--files", "shop.yaml");
    assert.equal(code, 0);
    assert.match(stdout, /wins +prefix \/: Ingress team-shop\/shop/);
    assert.match(stderr, /^error: shop\.yaml:\d+: not valid YAML: /);
  });

  suite("check", () => {
    test("manifests come from standard input, too, with or without a byte order mark", async () => {
      await using home = await temporaryDirectory("cli");
      for (const text of [
        INGRESS + SERVICE,
        `\uFEFF${INGRESS}${SERVICE}`,
        (INGRESS + SERVICE).replaceAll("\n", "\r\n"),
      ]) {
        const { code, stdout } = await binnacle({ cwd: home.path, stdin: text }, "check", "-");
        assert.deepEqual({ code, stdout }, { code: 0, stdout: "1 file, 2 objects: 0 errors, 0 warnings\n" });
      }
      const { stdout } = await binnacle({ cwd: home.path, stdin: INGRESS }, "check", "-");
      assert.match(stdout, /^error: stdin:1: Ingress team-shop\/shop spec\.rules\[0\]/m);
    });

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
