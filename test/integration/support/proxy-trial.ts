import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { unreachable } from "#lib/unreachable.ts";
import { httpProxyStatus } from "#resources/httpproxy-status.ts";
import { formatRef, refKey } from "#resources/ref.ts";
import { refOf, type Resource } from "#resources/resource.ts";
import type { SourceChange } from "#store/changes.ts";
import { FALLBACK_TABLE, type IrItem } from "#translate/ir.ts";
import { comparePrecedence } from "#translate/precedence.ts";
import type { ControlPlane } from "../../../src/control-plane.ts";
import { certificateAuthority } from "./certificate.ts";
import { changesOf, settingsFor } from "./gateway.ts";
import { ingress, service, tlsSecret, together } from "./manifests.ts";
import { RandomProxies } from "./random-proxies.ts";
import { FALLBACK_CERTIFICATE } from "./random-virtual-hosts.ts";
import { Random } from "./random.ts";
import { proxy, to } from "./routing-bed.ts";
import { controlPlaneForTests } from "../../../src/main/control-plane-for-tests.ts";

/** Changes of one world. */
const STEPS = 25;

const pair = certificateAuthority().issue(["random.test"]);

/** What the random proxies name, as far as it is there. */
const SECRETS = together(
  tlsSecret("t1", "cert", pair),
  tlsSecret("t2", "cert", pair),
  JSON.stringify({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "ca", namespace: "t1" },
    stringData: { "ca.crt": pair.cert },
  }),
);

/** Hosts of a team that the random ones do not belong to. */
const STEADY = together(
  ingress("steady", "ingress", "ingress.steady.test", "a"),
  proxy("root", { virtualhost: { fqdn: "proxy.steady.test" }, includes: [{ name: "part" }] }, "steady"),
  proxy("part", { routes: [to("a")] }, "steady"),
  service("steady", "a", [{ host: "10.0.0.1", port: 80 }]),
);

/** What every world begins with. */
export const BEFORE: readonly SourceChange[] = changesOf(together(STEADY, SECRETS));

function controlPlane(): ControlPlane {
  const settings = settingsFor(80, 443);
  const listeners = settings.listeners.map((listener) =>
    listener.protocol === "https" ? { ...listener, http3: { advertisedPort: 443 } } : listener,
  );
  return controlPlaneForTests({
    translate: { ...settings, listeners, fallbackCertificate: FALLBACK_CERTIFICATE },
    now: () => Date.parse("2026-01-05T00:00:00Z"),
  });
}

export const put = (object: Resource): SourceChange => ({ type: "put", object, origin: { file: "random.yaml" } });

/** The items that stand, as texts by name. */
function itemsOf(
  { translator }: ControlPlane,
  wanted: (name: string) => boolean = () => true,
): ReadonlyMap<string, string> {
  const items = [...translator.eachItem()].filter(({ name }) => wanted(name));
  return new Map(items.map((item) => [`${item.type} ${item.name}`, JSON.stringify(item)]));
}

const isSteady = (name: string): boolean => name.includes("steady");

/** What has to hold of every world. */
function examine(seed: number, plane: ControlPlane): void {
  const items = itemsOf(plane);
  for (const { item } of plane.translator.items()) {
    if (item.type !== "virtualHost") continue;
    const names = item.routes.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length, `seed ${seed}: two routes of ${item.name} have one name`);
    assert.deepEqual(item.routes.toSorted(comparePrecedence), item.routes, `seed ${seed}: ${item.name} is in order`);
    for (const { action } of item.routes) {
      if (action.type !== "forward") continue;
      for (const { name } of action.clusters) assert.ok(items.has(`cluster ${name}`), `seed ${seed}: ${name} stands`);
      for (const { cluster } of action.mirrors ?? [])
        assert.ok(items.has(`cluster ${cluster}`), `seed ${seed}: ${cluster}`);
      assert.ok(
        action.clusters.some(({ weight }) => weight > 0),
        `seed ${seed}: somebody gets requests`,
      );
    }
  }
  examineOrder(seed, plane);
  const reached = new Set(plane.translator.items().flatMap(({ sources }) => sources.map(({ ref }) => refKey(ref))));
  for (const { ref, inUse } of plane.store.states()) {
    if (ref.kind !== "HTTPProxy" || inUse?.object.kind !== "HTTPProxy") continue;
    const status = httpProxyStatus(plane.translator.verdicts(ref), undefined);
    const isOther = inUse.object.spec.ingressClassName !== undefined;
    if (isOther || reached.has(refKey(ref))) continue;
    assert.notEqual(status.currentStatus, "valid", `seed ${seed}: ${formatRef(ref)} has no effect, and is told so`);
  }
}

/** Endpoints have every priority from 0 on, the upstream's own before those of the ones that take over, in their order. */
function examineOrder(seed: number, plane: ControlPlane): void {
  const clusters = new Map([...plane.translator.eachItem()].map((item) => [`${item.type} ${item.name}`, item]));
  for (const item of clusters.values()) {
    if (item.type !== "endpoints") continue;
    const cluster = clusters.get(`cluster ${item.name}`);
    assert.ok(cluster?.type === "cluster", `seed ${seed}: ${item.name} has a cluster`);
    const { fallbacks = [] } = cluster;
    const priorities = [...new Set(item.endpoints.map(({ priority = 0 }) => priority))].sort((a, b) => a - b);
    assert.deepEqual(priorities, [...priorities.keys()], `seed ${seed}: the priorities of ${item.name}`);
    const places = item.endpoints
      .toSorted((a, b) => (a.priority ?? 0) - (b.priority ?? 0))
      .map(({ of }) => (of === undefined ? 0 : 1 + fallbacks.findIndex((one) => isDeepStrictEqual(one, of))));
    assert.deepEqual(
      places,
      places.toSorted((a, b) => a - b),
      `seed ${seed}: the order of ${item.name}`,
    );
    assert.ok(
      item.endpoints.every(({ of }) => of === undefined || fallbacks.some((one) => isDeepStrictEqual(one, of))),
      `seed ${seed}: ${item.name} has endpoints of its own and its fallbacks alone`,
    );
  }
}

/**
 * A world of random trees of proxies, changed step by step: no crash, a status for each, no unrelated host touched, and any
 * way ends where a fresh start does. Throws with the seed when one of these does not hold. Returns what occurs in it.
 */
export function tryRandomProxies(seed: number): ReadonlySet<WorldPart> {
  const random = new Random(seed);
  const proxies = new RandomProxies(random, ["a.test", "b.test", "*.c.test"]);
  const plane = controlPlane();
  plane.store.apply(BEFORE);
  plane.translateNow();
  const steady = itemsOf(plane, isSteady);
  const standing = new Map<string, Resource>();
  for (let step = 0; step < STEPS; step++) {
    if (random.chance(0.15)) {
      const ref = proxies.name();
      standing.delete(refKey(ref));
      plane.store.apply([{ type: "delete", ref }]);
    } else {
      const object = proxies.object();
      standing.set(refKey(refOf(object)), object);
      plane.store.apply([put(object)]);
    }
    plane.translateNow();
    assert.deepEqual(itemsOf(plane, isSteady), steady, `seed ${seed}: unrelated hosts stay as they are`);
  }
  examine(seed, plane);
  const fresh = controlPlane();
  fresh.store.apply([...BEFORE, ...random.shuffled([...standing.values()]).map(put)]);
  fresh.translateNow();
  assert.deepEqual(itemsOf(plane), itemsOf(fresh), `seed ${seed}: a fresh start gives the same`);
  return new Set([...plane.translator.eachItem()].flatMap(partsOf));
}

/** What few worlds have: of some of them each has to occur, or the others say nothing about it. */
export const WORLD_PARTS = [
  "compression",
  "fallback certificate",
  "failover",
  "HTTP/3",
  "log share",
  "preferred zones",
  "taking over",
] as const;
export type WorldPart = (typeof WORLD_PARTS)[number];

function partsOf(item: IrItem): readonly WorldPart[] {
  switch (item.type) {
    case "cluster":
      return [
        ...(item.compression === undefined ? [] : (["compression"] as const)),
        ...(item.fallbacks === undefined ? [] : (["failover"] as const)),
        ...(item.zones === undefined ? [] : (["preferred zones"] as const)),
      ];
    case "endpoints":
      return item.endpoints.some(({ of }) => of !== undefined) ? ["taking over"] : [];
    case "virtualHost":
      return [
        ...(item.routeTable === FALLBACK_TABLE ? (["fallback certificate"] as const) : []),
        ...(item.http3 === undefined ? [] : (["HTTP/3"] as const)),
        ...(item.routes.some(({ logShare }) => logShare !== undefined) ? (["log share"] as const) : []),
      ];
    case "certificate":
    case "clientValidation":
    case "gateway":
    case "listener":
    case "routeTable":
    case "tunnel":
      return [];
    default:
      return unreachable(item);
  }
}
