import assert from "node:assert/strict";
import type { SourceChange } from "#store/changes.ts";
import { changesOf } from "../integration/support/gateway.ts";
import { guardedShape } from "./guarded-shape.ts";
import { ingressShape } from "./ingress-shape.ts";
import { MeasuredHome } from "./measured-home.ts";
import {
  CERTIFICATES,
  certificateName,
  delegationManifest,
  namespaceOf,
  proxyManifest,
  proxyShape,
} from "./proxy-shape.ts";
import { atMost, type Report } from "./report.ts";
import { certificateSecrets } from "./secrets.ts";
import { addressesOf, hostChanges, serviceManifest, type Shape } from "./shape.ts";

const SIZES = [100, 1_000, 10_000];
/** The size whose figures have gates. */
const GATED = 10_000;
const CHANGES = 40;

/** A kind of change, each time to another host. */
interface Change {
  readonly name: string;
  /** @param hosts how many hosts the home began with */
  readonly at: (index: number, hosts: number) => readonly SourceChange[];
  /** The kinds of units that it may build, and how many. */
  readonly builds: readonly string[];
  readonly mostUnits: number;
  /** Most CPU, in milliseconds, and most bytes sent. */
  readonly limits: readonly [millis: number, bytes: number];
}

interface Home {
  readonly shape: Shape;
  /** What the first changes add, which are not measured; the shape's unless given. */
  readonly warmUp?: Shape;
  /** Objects that it has whatever its size. */
  readonly beside: readonly SourceChange[];
  readonly changes: readonly Change[];
}

/** What one change costs the control plane: its CPU until Envoy has everything, and the bytes that are sent. */
export function run(report: Report): Promise<void> {
  for (const home of [ingresses(), guarded(), proxies()]) for (const size of SIZES) measure(home, size, report);
  return Promise.resolve();
}

function measure({ shape, warmUp = shape, beside, changes }: Home, size: number, report: Report): void {
  const hosts = size / shape.perHost;
  const home = new MeasuredHome([...beside, ...hostChanges(shape, 0, hosts)]);
  // The first changes pay for code that has not been compiled yet.
  home.measure("warm-up", (index) => hostChanges(warmUp, hosts + 5_000 + index, 1), 20);
  for (const { name, at, builds, mostUnits, limits } of changes) {
    const cost = home.measure(name, (index) => at(index, hosts), CHANGES);
    const beyond = cost.built.filter((kind) => !builds.includes(kind));
    assert.deepEqual(beyond, [], `a change builds what it touches, and nothing else: ${name}`);
    assert.ok(cost.units <= mostUnits, `${name} built ${cost.units} units, whatever the size`);
    const title = `${name}, ${size} ${shape.counts}`;
    for (const [what, value, unit, limit] of [
      ["CPU", cost.millis, "ms", limits[0]],
      ["sent", cost.bytes, "bytes", limits[1]],
    ] as const) {
      const figure = `${title}: ${what}`;
      report(size === GATED ? atMost(figure, value, unit, limit) : { name: figure, value, unit });
    }
  }
}

function ingresses(): Home {
  return {
    shape: ingressShape,
    beside: teamCertificates(),
    changes: [
      {
        name: "added route, HTTP",
        at: (index, hosts) => hostChanges(ingressShape, hosts + index, 1),
        builds: ["host", "upstream"],
        mostUnits: 2,
        limits: [5, 4096],
      },
      {
        name: "added route, HTTPS",
        at: (index, hosts) => hostChanges(ingressShape, hosts + 1_000 + index, 1, { tls: true }),
        builds: ["host", "upstream"],
        mostUnits: 2,
        limits: [5, 4096],
      },
      {
        name: "changed endpoint",
        at: (index) => serviceChanges(`team-${index % 100}`, `app-${index}`, index),
        builds: ["upstream"],
        mostUnits: 1,
        limits: [2, 2048],
      },
    ],
  };
}

/** Hosts that share nothing with what changes: not even a route table. */
function guarded(): Home {
  return {
    shape: guardedShape,
    warmUp: ingressShape,
    beside: teamCertificates(),
    changes: [
      {
        name: "added route, HTTP, beside",
        at: (index) => hostChanges(ingressShape, index, 1),
        builds: ["host", "upstream"],
        mostUnits: 2,
        limits: [5, 4096],
      },
      {
        name: "changed endpoint, beside",
        at: (index) => serviceChanges(`team-${index % 100}`, `guarded-${index}`, index),
        builds: ["upstream"],
        mostUnits: 1,
        limits: [2, 2048],
      },
    ],
  };
}

/** Trees with TLS, whose certificates others let them use. */
const APART = 10_000;

function proxies(): Home {
  const certificates = Array.from({ length: 100 }, (_, index) => [CERTIFICATES, certificateName(index)] as const);
  const limits = [5, 4096] as const;
  /** Each time another tree, and what has not been written into it before. */
  const turn = (index: number, hosts: number): readonly [tree: number, round: number] => [
    index % hosts,
    1 + Math.floor(index / hosts),
  ];
  return {
    shape: proxyShape,
    beside: [...certificateSecrets(certificates), ...hostChanges(proxyShape, APART, CHANGES, { tls: true })],
    changes: [
      {
        name: "condition of a leaf",
        at: (index, hosts) => {
          const [tree, round] = turn(index, hosts);
          return changesOf(proxyManifest(tree, "items", { header: `x-${round}` }));
        },
        builds: ["host", "part"],
        mostUnits: 2,
        limits,
      },
      {
        name: "leaf to another Service",
        at: (index, hosts) => {
          const [tree, round] = turn(index, hosts);
          const service = `next-${tree}-${round}`;
          const added = serviceManifest(namespaceOf(tree, "items"), service, { addresses: addressesOf(tree) });
          return changesOf(`${added}---\n${proxyManifest(tree, "items", { service })}`);
        },
        builds: ["host", "part", "upstream"],
        // The host, the leaf, the Service before and the one after.
        mostUnits: 4,
        limits,
      },
      {
        name: "prefix of an include",
        at: (index, hosts) => {
          const [tree, round] = turn(index, hosts);
          return changesOf(proxyManifest(tree, "version", { prefix: `/items-${round}` }));
        },
        builds: ["host", "part"],
        mostUnits: 2,
        limits,
      },
      {
        name: "certificate no longer delegated",
        at: (index) => changesOf(delegationManifest(APART + index, "nobody")),
        builds: ["host"],
        mostUnits: 1,
        limits,
      },
      {
        name: "include delegated to another team",
        at: (index, hosts) => {
          const [tree, round] = turn(index, hosts);
          return changesOf(proxyManifest(tree, "root", { into: (tree + round) % hosts }));
        },
        builds: ["host", "part", "upstream"],
        // The host; of the tree that it leaves and of the one that it comes into, three parts and their Services each.
        mostUnits: 13,
        limits,
      },
    ],
  };
}

function teamCertificates(): readonly SourceChange[] {
  return certificateSecrets(Array.from({ length: 100 }, (_, team) => [`team-${team}`, "certificate"] as const));
}

function serviceChanges(namespace: string, name: string, index: number): readonly SourceChange[] {
  const addresses = ["10.9.9.9", `10.9.8.${index}`];
  return changesOf(serviceManifest(namespace, name, { addresses }));
}
