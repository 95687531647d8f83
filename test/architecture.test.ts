import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { suite, test } from "node:test";

// Reads every import of src/ and holds it against the tables below: they are the architecture. A new arrow is a decision,
// made here and seen in review.

/** Who knows every room: the composition root and the command line. */
const KNOW_ALL = ["main", "cli"];

/** Room → the rooms that its files may import. A folder with a row of its own is a room of its own. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  // Words and small tools without knowledge of anything here.
  lib: [],
  // Envoy's messages, generated.
  proto: [],
  // The object types: what everybody talks about.
  resources: ["lib"],
  config: ["lib", "resources"],
  // Objects, accepted forms, one change feed.
  store: ["lib", "resources"],
  // A client of Kubernetes' API: connections, credentials, list and watch.
  kubernetes: ["lib"],
  // A client of DNS servers.
  dns: ["lib"],
  // Certificates from an ACME server: orders, what is kept, when the next is due.
  acme: ["lib", "resources"],
  // Where they are kept if the home is a cluster.
  "acme/home-cluster": ["acme", "kubernetes", "lib", "resources"],
  // Where objects come from; they write into the store.
  sources: ["kubernetes", "lib", "resources", "store"],
  // Upstream platforms: a row each, so that none imports another.
  discovery: ["lib", "resources", "store"],
  "discovery/kubernetes": ["kubernetes", "lib", "resources", "discovery"],
  "discovery/openstack": ["lib", "resources", "discovery", "discovery/openstack/client", "discovery/pkgcloud"],
  // Not platforms: who asks OpenStack's APIs, and pkgcloud, which clouds are asked by.
  "discovery/openstack/client": ["lib", "discovery", "discovery/pkgcloud"],
  "discovery/pkgcloud": ["lib", "discovery"],
  "discovery/ec2": ["lib", "resources", "discovery"],
  "discovery/digitalocean": ["lib", "resources", "discovery", "discovery/pkgcloud"],
  "discovery/rackspace": ["lib", "resources", "discovery", "discovery/openstack/client", "discovery/pkgcloud"],
  "discovery/dns": ["dns", "lib", "resources", "discovery"],
  // Not a platform: places what was found in a home that is a cluster.
  "discovery/home-cluster": ["kubernetes", "lib", "resources", "discovery"],
  "discovery/static": ["lib", "resources", "discovery"],
  // Objects → IR, pure.
  translate: ["lib", "resources", "store"],
  // IR → Envoy's messages, pure; of xds it knows only what a resource is.
  "xds/resources": ["lib", "proto", "resources", "translate", "xds"],
  // Snapshot and streams. Of the objects it knows only their references.
  xds: ["lib", "proto", "resources", "translate", "xds/resources"],
  // Manifests of before as those of today.
  convert: ["lib", "resources", "sources"],
  // Definitions of custom kinds from the schemas that read them. Pure.
  crds: ["kube-api", "lib", "resources"],
  // Child processes.
  supervisor: ["lib"],
  // Envoy as a process: its bootstrap, administration, life.
  envoy: ["lib", "supervisor"],
  // Access logs and statistics → live traffic; with xds/resources it shares the names under which Envoy counts, with xds who
  // is let in of the Envoys on other machines.
  traffic: ["lib", "proto", "resources", "xds", "xds/resources"],
  // Our own metrics, and what Prometheus and Alertmanager are told.
  monitoring: ["lib", "resources", "supervisor"],
  // The objects in Kubernetes' own form: discovery, tables, selectors, watch events. Pure.
  "kube-api": ["lib", "resources"],
  // HTTP and WebSocket. It reaches the rooms through ports of its own.
  api: ["kube-api", "lib", "resources", "traffic"],
  // Fills the ports of the API from discovery, store, translation and snapshot.
  views: ["api", "discovery", "kube-api", "lib", "resources", "store", "translate", "xds", "xds/resources"],
  // A small process of its own: answers Envoy from disk while no control plane runs.
  "snapshot-server": ["lib", "proto", "supervisor", "xds"],
  // The browser: a client of the API and nothing more (see CONSOLE_VALUES).
  console: ["api", "lib", "traffic"],
};

/** What the browser's code takes values from, beside lib/: words that it shares with the server. Of the rest it takes types. */
const CONSOLE_VALUES = ["src/traffic/messages.ts", "src/api/traffic-filter.ts"];

/** Files that may reach environment, argv, signals and exit, besides those directly in src/. */
const MAY_TOUCH_PROCESS = ["main", "cli", "snapshot-server"];

/** Pure: same input, same output. This holds for all that they import, too. */
const PURE = [
  /^src\/translate\//,
  /^src\/kube-api\//,
  /^src\/crds\//,
  /^src\/xds\/resources\//,
  /^src\/discovery\/(deletion-guard|desired|difference|names|services-of-machines|taken-over|translate-instances)\.ts$/,
  /^src\/discovery\/[^/]+\/translate\.ts$/,
];

/** Node's modules that compute and nothing more; of the others only the names given. */
const PURE_MODULES: Readonly<Record<string, readonly string[] | "all">> = {
  "node:assert": "all",
  "node:buffer": "all",
  "node:url": "all",
  "node:util": "all",
  "node:crypto": ["createPrivateKey", "createPublicKey", "hash", "KeyObject", "X509Certificate"],
  "node:net": ["BlockList", "isIP", "isIPv4", "isIPv6"],
  "@bufbuild/protobuf/wire": "all",
  zod: "all",
  re2js: "all",
};

const IMPURE_WORDS =
  /\b(Date\.now|new Date\(\)|performance\.|Math\.random|(?<![#.\w])process\.|setTimeout|setInterval|setImmediate|queueMicrotask|fetch\(|crypto\.)/;

interface Import {
  readonly specifier: string;
  /** Path from the root for files of ours, else undefined. */
  readonly target: string | undefined;
  readonly names: readonly string[];
  readonly typeOnly: boolean;
}

const root = resolve(import.meta.dirname, "..");
const sources = [...filesBelow("src")].filter((path) => /\.(ts|tsx)$/.test(path) && !path.startsWith("src/proto/"));
const isTest = (path: string): boolean => /\.test\.tsx?$/.test(path);
const code = new Map(sources.map((path) => [path, withoutComments(readFileSync(join(root, path), "utf8"))]));
const imports = new Map([...code].map(([path, text]) => [path, importsOf(path, text)]));

suite("architecture", () => {
  test("every import follows an arrow of the table", () => {
    const wrong = [...imports].flatMap(([path, found]) => {
      const from = roomOf(path);
      if (from === undefined || KNOW_ALL.includes(from)) return [];
      const allowed = ARROWS[from];
      if (allowed === undefined) return [`${path}: room ${from} has no row in the table of arrows`];
      return found.flatMap(({ target, specifier }) => {
        if (target === undefined) return [];
        if (!target.startsWith("src/"))
          return isTest(path) ? [] : [`${path} imports ${specifier}: src/ imports nothing outside of it`];
        const to = roomOf(target);
        if (to === from || allowed.includes(to ?? "")) return [];
        const known = allowed.length === 0 ? "no other room" : allowed.join(", ");
        return [`${path} imports ${specifier}: ${from} may know ${known}, not ${to ?? "the composition root"}`];
      });
    });
    assert.deepEqual(wrong, []);
  });

  test("translation and Envoy's messages are pure, with all that they import", () => {
    const wrong = new Set<string>();
    for (const path of sources.filter((path) => !isTest(path) && PURE.some((pattern) => pattern.test(path)))) {
      for (const impurity of impurities(path, [], new Set())) wrong.add(impurity);
    }
    assert.deepEqual([...wrong].sort(), []);
  });

  test("the console takes types from the API, and values only from the words that it shares with the server", () => {
    const wrong = [...imports].flatMap(([path, found]) =>
      roomOf(path) !== "console" || isTest(path)
        ? []
        : found.flatMap(({ target, specifier, typeOnly }) =>
            target === undefined || roomOf(target) === "console" || goesToBrowser(target) || typeOnly
              ? []
              : [
                  `${path} imports values from ${specifier}: only ${CONSOLE_VALUES.join(", ")} and lib/ go to the browser`,
                ],
          ),
    );
    assert.deepEqual(wrong, []);
  });

  test("environment, argv, signals and exit belong to main and cli", () => {
    const wrong = [...code].flatMap(([path, text]) => {
      const room = roomOf(path);
      if (isTest(path) || room === undefined || MAY_TOUCH_PROCESS.includes(room)) return [];
      const found = /(?<![#.\w])process\.(env|argv|exit|exitCode|on|once)\b/.exec(text)?.[0];
      return found === undefined
        ? []
        : [`${path} uses ${found}: environment, argv, signals and exit belong to main and cli`];
    });
    assert.deepEqual(wrong, []);
  });

  test("the table has no row and no arrow for a room that does not exist", () => {
    const rooms = new Set(Object.keys(ARROWS));
    const wrong = Object.entries(ARROWS).flatMap(([from, to]) =>
      to.filter((room) => !rooms.has(room)).map((room) => `${from} → ${room}: no such room`),
    );
    assert.deepEqual(wrong, []);
  });
});

function goesToBrowser(target: string): boolean {
  return roomOf(target) === "lib" || CONSOLE_VALUES.includes(target);
}

/** What is impure about a file or what it imports for its values, each with the way that leads there. */
function impurities(path: string, way: readonly string[], seen: Set<string>): readonly string[] {
  if (seen.has(path) || path.startsWith("src/proto/")) return [];
  seen.add(path);
  const here = [...way, path].join(" → ");
  const word = IMPURE_WORDS.exec(code.get(path) ?? "")?.[0];
  const found = word === undefined ? [] : [`${here} uses ${word}: it must be pure`];
  for (const { target, specifier, names, typeOnly } of imports.get(path) ?? []) {
    if (typeOnly) continue;
    if (target !== undefined) {
      found.push(...impurities(target, [...way, path], seen));
      continue;
    }
    const allowed = PURE_MODULES[specifier];
    const bad = allowed === "all" ? [] : names.filter((name) => allowed?.includes(name) !== true);
    if (bad.length > 0 || allowed === undefined)
      found.push(`${here} imports ${bad.join(", ")} from ${specifier}: network, disk, clock and process are not pure`);
  }
  return found;
}

/** The room of a path from the root: the longest row of the table that it lies in; undefined directly in src/ or elsewhere. */
function roomOf(path: string): string | undefined {
  const folders = dirname(path).split("/").slice(1);
  for (let depth = folders.length; depth > 0; depth--) {
    const room = folders.slice(0, depth).join("/");
    if (room in ARROWS) return room;
  }
  return folders[0];
}

function importsOf(path: string, text: string): readonly Import[] {
  const found: Import[] = [];
  const statements =
    /^(?:import|export)\s+(type\s+)?((?:[\w*\s{},$]|\bas\b)*?)\s*from\s*"([^"]+)"|^import\s*"([^"]+)"/gm;
  for (const [, type, clause = "", from, bare] of text.matchAll(statements)) {
    const specifier = from ?? bare ?? "";
    const names = clause
      .replaceAll(/[{}]/g, ",")
      .split(",")
      .map((name) => name.trim())
      .filter(Boolean);
    const values = names.filter((name) => !name.startsWith("type ")).map((name) => name.split(/\s+as\s+/)[0] ?? name);
    const typeOnly = type !== undefined || (names.length > 0 && values.length === 0);
    found.push({ specifier, target: targetOf(path, specifier), names: values, typeOnly });
  }
  for (const [, specifier = ""] of text.matchAll(/\bimport\(\s*"([^"]+)"\s*\)/g)) {
    found.push({ specifier, target: targetOf(path, specifier), names: ["*"], typeOnly: false });
  }
  return found;
}

function targetOf(path: string, specifier: string): string | undefined {
  if (specifier.startsWith("#")) return `src/${specifier.slice(1)}`;
  if (!specifier.startsWith(".")) return undefined;
  return relative(root, resolve(root, dirname(path), specifier));
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, "");
}

function* filesBelow(folder: string): Generator<string> {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) yield* filesBelow(path);
    else yield path;
  }
}
