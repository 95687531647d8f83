import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { suite, test } from "node:test";
import { CORE_SCHEMA, loadAll } from "js-yaml";
import { run } from "../../src/cli/program.ts";
import { temporaryDirectory } from "../integration/support/temp-dir.ts";
import { translate } from "./translation.ts";

const FOLDER = join(import.meta.dirname, "convert");
const update = process.env["UPDATE_GOLDEN"] === "1";

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function binnacle(stdin: string, ...argv: readonly string[]): Promise<Outcome> {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const stopped = new AbortController().signal;
  const context = { version: "1.2.3", stdin: Readable.from([stdin]), env: {}, cwd: FOLDER, signal: stopped };
  const code = await run(argv, { ...context, stdout, stderr });
  stdout.end();
  stderr.end();
  return { code, stdout: await text(stdout), stderr: await text(stderr) };
}

/** The file as it was kept, or as it is kept from now on. */
function golden(file: string, produced: string): string {
  const path = join(FOLDER, file);
  if (update) writeFileSync(path, produced);
  return readFileSync(path, "utf8");
}

function documents(yaml: string): readonly unknown[] {
  return loadAll(yaml, { schema: CORE_SCHEMA }).flatMap((document) => {
    const list = document as { kind: string; apiVersion: string; items?: readonly object[] };
    if (list.items === undefined) return [document];
    const item = { apiVersion: list.apiVersion, kind: list.kind.slice(0, -"List".length) };
    return list.items.map((value) => ({ ...item, ...value }));
  });
}

suite("binnacle convert", () => {
  const cases = readdirSync(FOLDER).flatMap((file) => (file.endsWith(".in.yaml") ? [file.slice(0, -8)] : []));

  for (const name of cases) {
    test(name, async () => {
      const { code, stdout, stderr } = await binnacle("", "convert", `${name}.in.yaml`);
      assert.equal(stdout, golden(`${name}.out.yaml`, stdout));
      assert.equal(stderr, golden(`${name}.err.txt`, stderr));
      assert.equal(code, stdout === "" ? 1 : 0);
    });
  }

  test("what comes out means the same: the same hosts, routes and clusters", () => {
    // A delegation of certificates is read in its form of today alone.
    const read = (file: string): string =>
      readFileSync(join(FOLDER, file), "utf8").replace(/contour.heptio.com.*(?=\nkind: TLS)/, "projectcontour.io/v1");
    const hosts = (file: string): readonly unknown[] =>
      translate(documents(read(file))).items.map((item) =>
        JSON.parse(
          JSON.stringify(item, (key, value: unknown) => (key === "owner" || key === "from" ? undefined : value)),
        ),
      );
    const before = hosts("tree.in.yaml");
    assert.deepEqual(hosts("tree.out.yaml"), before);
    assert.ok(JSON.stringify(before).includes("prefix /cart/gifts/wrap*"));
  });

  test("what comes out passes check", async () => {
    await using folder = await temporaryDirectory("convert");
    const manifests = readFileSync(join(FOLDER, "tree.out.yaml"), "utf8");
    // The stand-in for a certificate is none.
    const [secret, ...rest] = manifests.split(/^---\n/m).toReversed();
    assert.match(secret ?? "", /kind: Secret/);
    writeFileSync(join(folder.path, "manifests.yaml"), rest.join("---\n"));
    const { code, stdout } = await binnacle("", "check", join(folder.path, "manifests.yaml"), "-o", "json");
    const { problems } = JSON.parse(stdout) as { problems: readonly { reason?: string; message: string }[] };
    assert.deepEqual(
      problems.filter(({ message }) => !message.includes("certs/shop")).map(({ message }) => message),
      [],
    );
    assert.equal(code, 1, "for the certificate alone");
  });

  test("standard input becomes standard output, also as JSON", async () => {
    const tree = readFileSync(join(FOLDER, "tree.in.yaml"), "utf8");
    const { code, stdout } = await binnacle(tree, "convert", "-", "--output", "json");
    assert.equal(code, 0);
    const { kind, items } = JSON.parse(stdout) as { kind: string; items: readonly { apiVersion: string }[] };
    assert.equal(kind, "List");
    assert.deepEqual(
      items.filter(({ apiVersion }) => apiVersion.startsWith("contour.heptio.com")),
      [],
    );
    assert.deepEqual(await binnacle(stdout, "convert", "-", "-o", "json"), {
      code: 0,
      stdout,
      stderr: "0 objects converted\n",
    });
    const one = `{ apiVersion: v1, kind: Namespace, metadata: { name: a } }`;
    assert.equal((await binnacle(one, "convert", "-")).stdout, `${one}\n`);
    assert.equal(JSON.parse((await binnacle(one, "convert", "-", "-o", "json")).stdout).kind, "Namespace");
  });

  test("what cannot be read is told", async () => {
    const { code, stdout, stderr } = await binnacle("", "convert", "absent.yaml");
    assert.deepEqual({ code, stdout }, { code: 1, stdout: "" });
    assert.match(stderr, /^error: absent\.yaml: cannot read it: it does not exist\n/);
    assert.equal((await binnacle("", "convert")).code, 2);
  });
});
