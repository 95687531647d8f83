import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { before, test } from "node:test";
import { formatProblem } from "#lib/problem.ts";
import { configSchema } from "./config.ts";
import { loadConfig } from "./load-config.ts";
import { listSettings, renderReference } from "./reference.ts";

const page = new URL("../../docs/configuration.md", import.meta.url);
const MARK = /<!-- What follows is written by .* -->\n/;

const schema = configSchema((path) => path);
let text = "";

before(async () => {
  text = await readFile(page, "utf8");
});

test("the page's tables are those of the schema", async () => {
  const end = (MARK.exec(text)?.index ?? 0) + (MARK.exec(text)?.[0].length ?? 0);
  const expected = `${text.slice(0, end)}\n${renderReference(schema)}`;
  if (process.env["UPDATE_GOLDEN"] === "1") await writeFile(page, expected);
  else assert.equal(text, expected, "docs/configuration.md is not current: UPDATE_GOLDEN=1 npm test -- config");
});

test("every example of the page loads, and of those on remote Envoys, upstreams and users", async () => {
  const others = ["remote-envoys", "upstreams", "access"].map(
    (name) => new URL(`../../docs/${name}.md`, import.meta.url),
  );
  const all = [text, ...(await Promise.all(others.map((page) => readFile(page, "utf8"))))].join("");
  const examples = [...all.matchAll(/```yaml\n(.*?)```/gs)].map(([, example = ""]) => example);
  assert.ok(examples.length >= 5);
  for (const example of examples) {
    const { problems } = loadConfig(example, "/etc/binnacle/binnacle.yaml");
    assert.deepEqual(problems.map(formatProblem), [], example);
  }
});

test("every setting that takes a value says what it does", () => {
  const silent = listSettings(schema).filter(({ takes, description }) => takes !== "map" && description === "");
  assert.deepEqual(silent, []);
});
