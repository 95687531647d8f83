import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { suite, test } from "node:test";
import { run } from "#cli/program.ts";
import { wantedObjects } from "#cli/wanted-objects.ts";
import { defaultConfig, loadConfig } from "#config/load-config.ts";
import { errorMessage } from "#lib/error-message.ts";
import { formatProblem } from "#lib/problem.ts";
import { isMap } from "#lib/schema-rules.ts";
import { parseYaml } from "#lib/yaml.ts";
import { validate } from "#resources/validate.ts";

// Pages say what there is: what they name is looked up.

const root = resolve(import.meta.dirname, "..");
const files = globSync("{alerts,appliance,dashboards,docs,examples,setup,src,test}/**/*.*", { cwd: root }).sort();
const pages = new Map(
  ["CONTRIBUTING.md", "README.md", ...files.filter((path) => path.endsWith(".md"))].map((path) => [
    path,
    readFileSync(join(root, path), "utf8"),
  ]),
);

/** `./file.ts` stands for any; vSphere is the example of a platform that somebody adds. */
const IMAGINED = /^\.\/file\.ts$|vsphere/;

/** Each line of each page, with where it stands. */
const lines = [...pages].flatMap(([path, content]) =>
  content.split("\n").map((line, index) => ({ path, line, at: `${path}:${index + 1}` })),
);

suite("documentation", () => {
  test("every relative link leads to a file, and to a heading of it where it names one", () => {
    const wrong = lines.flatMap(({ path, line, at }) =>
      [...line.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = ""]) => {
        if (/^[a-z]+:/.test(link)) return [];
        const [file = "", heading] = link.split("#");
        const target = file === "" ? path : join(dirname(path), file);
        if (!existsSync(join(root, target))) return [`${at}: ${link}: there is no ${target}`];
        const page = pages.get(target);
        if (heading === undefined || page === undefined || anchors(page).has(heading)) return [];
        return [`${at}: ${link}: ${target} has no such heading`];
      }),
    );
    assert.deepEqual(wrong, []);
  });

  test("every file that is named by its path exists", () => {
    const wrong = lines.flatMap(({ path, line, at }) =>
      [...line.matchAll(/`([\w.-]+(?:\/[\w.-]+)+\.(?:ts|tsx|mjs|md|sh|yaml|yml|libsonnet|jsonnet))`/g)].flatMap(
        ([, named = ""]) =>
          IMAGINED.test(named) ||
          ["", "src", "test", "test/integration", dirname(path)].some((folder) => existsSync(join(root, folder, named)))
            ? []
            : [`${at}: there is no ${named}`],
      ),
    );
    assert.deepEqual(wrong, []);
  });

  test("every npm script exists, and names test files that exist", () => {
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
      readonly scripts: Readonly<Record<string, string>>;
    };
    const wrong = lines.flatMap(({ line, at }) =>
      [...line.matchAll(/\bnpm (?:run ([\w:]+)|(test))(?: -- ([\w/.-]+))?/g)].flatMap(([said, script, plain, word]) => {
        const name = script ?? plain ?? "";
        if (!Object.hasOwn(scripts, name)) return [`${at}: ${said}: package.json has no script ${name}`];
        if (!name.startsWith("test") || word === undefined) return [];
        const [, folder = ""] = name.split(":");
        const found = files.some((path) => path.includes(word) && path.includes(folder) && /\.test\.m?ts$/.test(path));
        return found ? [] : [`${at}: ${said}: no test file is called so`];
      }),
    );
    assert.deepEqual(wrong, []);
  });

  test("every command of binnacle exists, with the flags that are shown", async () => {
    const wrong: string[] = [];
    for (const { line, at } of lines) {
      for (const [said, ...words] of commandsIn(line)) {
        const problem = await problemOf(words);
        if (problem !== undefined) wrong.push(`${at}: ${said}: ${problem}`);
      }
    }
    assert.deepEqual(wrong, []);
  });

  test("every example in YAML is what it says: a configuration that loads, objects that are accepted, or a part of one", () => {
    const wrong = [...pages].flatMap(([path, content]) =>
      examplesIn(content).flatMap(({ text: example, line }) =>
        problemsOf(example).map((words) => `${path}:${line}: ${words}`),
      ),
    );
    assert.deepEqual(wrong, []);
  });
});

interface Example {
  readonly text: string;
  /** 1-based, in its page. */
  readonly line: number;
}

/** Fenced as yaml, or indented and beginning with what only YAML begins with. */
function examplesIn(page: string): readonly Example[] {
  const fenced = [...page.matchAll(/^ *```yaml\n([^]*?)^ *```/gm)];
  const indented = [
    ...page.matchAll(/(?<=^\n)((?: {4}(?:apiVersion|metadata|spec|kind):.*\n)(?: {4}.*\n|\n(?= {4}))*)/gm),
  ];
  return [...fenced, ...indented].map((match) => ({
    text: (match[1] ?? "").replaceAll(/^ {4}(?=\S| )/gm, match[0].includes("```") ? "    " : ""),
    line: page.slice(0, match.index).split("\n").length,
  }));
}

/** The sections of binnacle.yaml; `acme` has no default. */
const SETTINGS: ReadonlySet<string> = new Set(["acme", ...Object.keys(defaultConfig())]);

function problemsOf(example: string): readonly string[] {
  const parsed = parseYaml(example);
  if ("error" in parsed) return [parsed.error.message];
  return parsed.documents.flatMap((document): readonly string[] => {
    if (!isMap(document)) return ["it is no map"];
    if ("apiVersion" in document && "kind" in document) {
      const found = validate(document, { unknownFields: "error" });
      return found.type === "refused" ? found.problems.map(formatProblem) : [];
    }
    if (!Object.keys(document).some((key) => SETTINGS.has(key))) return [];
    return loadConfig(example, "/etc/binnacle/binnacle.yaml").problems.map(formatProblem);
  });
}

/** As GitHub makes them of headings. */
function anchors(page: string): ReadonlySet<string> {
  const headings = [...page.replaceAll(/^ *```[\s\S]*?^ *```/gm, "").matchAll(/^#+ (.*)$/gm)];
  return new Set(
    headings.map(([, words = ""]) =>
      words
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
        .trim()
        .replaceAll(/\s/g, "-"),
    ),
  );
}

/** `npx binnacle …` and what stands in a code span by itself: the words up to the span's end, a pipe, or a remark's blanks. */
function commandsIn(line: string): readonly (readonly [string, ...string[]])[] {
  const spans = [...line.matchAll(/(?:^ {4,}(?:\$ )?|`|\| *)(?:npx )?binnacle ([^`|]+)/g)];
  return spans.map(([, words = ""]) => {
    const command = words.split(/ {2,}/)[0] ?? "";
    return [`binnacle ${command}`, ...command.trim().split(/\s+/)];
  });
}

const helps = new Map<string, string | undefined>();

/** What `binnacle WORDS --help` prints; undefined where there is no such command. */
async function helpOf(words: readonly string[]): Promise<string | undefined> {
  const key = words.join(" ");
  if (helps.has(key)) return helps.get(key);
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const context = { version: "0", stdout, stderr, env: {}, cwd: "/", signal: new AbortController().signal };
  const code = await run([...words, "--help"], context);
  stdout.end();
  stderr.resume();
  const help = code === 0 ? await text(stdout) : undefined;
  helps.set(key, help);
  return help;
}

async function problemOf(words: readonly string[]): Promise<string | undefined> {
  const [first = "", second = ""] = words;
  if (first.startsWith("-")) return undefined;
  const top = await helpOf([first]);
  if (top?.startsWith(`Usage: binnacle ${first}`) !== true) return "there is no such command";
  let help = top;
  if (/^Commands:/m.test(top) && /^[a-z]/.test(second)) {
    const below = await helpOf([first, second]);
    if (below?.startsWith(`Usage: binnacle ${first} ${second}`) !== true) return `${first} has no command ${second}`;
    help = below;
  }
  const missing = words.filter((word) => /^--?[a-z]/.test(word)).find((flag) => !hasFlag(help, flag));
  if (missing !== undefined) return `it has no flag ${missing}`;
  const [, choices = ""] = /^ +-o, --output <format> [^]*?\(choices:([^)]*)\)/m.exec(help) ?? [];
  const format = words[words.findIndex((word) => word === "-o" || word === "--output") + 1] ?? "";
  if (choices !== "" && words.some((word) => word === "-o") && !choices.includes(`"${format}"`)) {
    return `it has no output ${format}`;
  }
  return first === "get" && /^[a-z]/.test(second) ? kindProblem(second) : undefined;
}

function kindProblem(word: string): string | undefined {
  try {
    wantedObjects(word, []);
    return undefined;
  } catch (error) {
    return errorMessage(error);
  }
}

function hasFlag(help: string, flag: string): boolean {
  const [name = ""] = flag.split("=");
  return help.split("\n").some((line) => new RegExp(`^ +(-\\w, )?${name}[ ,]`).test(line));
}
