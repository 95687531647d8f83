import { readFileSync } from "node:fs";
import { Backend } from "#discovery/backend.ts";
import { NoCache } from "#discovery/cache.ts";
import { Cloud } from "#discovery/openstack/client/cloud.ts";
import { Keystone } from "#discovery/openstack/client/keystone.ts";
import { Transport } from "#discovery/openstack/client/transport.ts";
import { OpenStackDiscoverer } from "#discovery/openstack/discoverer.ts";
import { StorePlacer } from "#discovery/store-placer.ts";
import { silentLogger } from "#lib/log.ts";
import { validate } from "#resources/validate.ts";
import type { ResourceName } from "#xds/snapshot.ts";
import type { ControlPlane } from "../../../src/control-plane.ts";
import { GOLDEN_SETTINGS } from "../../golden/translation.ts";
import { OpenStackStandIn } from "./openstack-stand-in.ts";
import { controlPlaneForTests } from "../../../src/main/control-plane-for-tests.ts";

export interface CloudSize {
  readonly projects: number;
  /** In each project. */
  readonly loadBalancers: number;
  /** In each load balancer's pool. */
  readonly members: number;
}

type Answer = Readonly<Record<string, unknown>>;
/** One of each, as the real Octavia told of it (test/openstack/recorded-answers.test.ts). */
const RECORDED = JSON.parse(readFileSync(new URL("openstack-answers.json", import.meta.url), "utf8")) as Readonly<
  Record<"loadbalancers" | "listeners" | "pools" | "members", Answer>
>;
const PORT = Number(RECORDED.listeners["protocol_port"]);
/** Requests that may be under way at once: what `openstack.atOnce` is unless set. */
export const AT_ONCE = 8;

const name = (project: number, balancer: number): string => `p${project}-b${balancer}`;
const address = (project: number, balancer: number, member: number): string =>
  `10.${project}.${balancer}.${member + 1}`;

/** A cloud of that size, made of recorded answers, that a control plane follows, with a route to each of its services. */
export class LargeCloud implements AsyncDisposable {
  readonly standIn: OpenStackStandIn;
  readonly controlPlane: ControlPlane;
  /** Of each cycle, milliseconds. */
  readonly cycles: number[] = [];
  /** Of each cycle, requests to the cloud. */
  readonly calls: number[] = [];
  /** What of the snapshot changed since it was emptied last. */
  readonly changed: ResourceName[] = [];
  readonly #size: CloudSize;
  readonly #parts = new AsyncDisposableStack();
  #asked = 0;
  #next = Promise.withResolvers<void>();

  private constructor(standIn: OpenStackStandIn, size: CloudSize) {
    this.standIn = standIn;
    this.#size = size;
    this.controlPlane = controlPlaneForTests({
      translate: GOLDEN_SETTINGS,
    });
    this.controlPlane.snapshot.listen({ changed: (names) => void this.changed.push(...names) });
  }

  static async start(size: CloudSize): Promise<LargeCloud> {
    const cloud = new LargeCloud(await OpenStackStandIn.start(), size);
    cloud.#fill();
    cloud.#route();
    cloud.controlPlane.open();
    cloud.#follow();
    return cloud;
  }

  /** The end of a cycle that begins after this is called. */
  async cycle(): Promise<void> {
    // The one that is under way may have asked before.
    for (let ends = 0; ends < 2; ends++) await this.#next.promise;
    this.controlPlane.translateNow();
  }

  /** One member of one pool has another address from now on. Returns the name of its endpoints in the snapshot. */
  changeMember(project: number, balancer: number): string {
    const pool = `pool-${name(project, balancer)}`;
    const [first, ...others] = this.standIn.members.get(pool) as readonly Answer[];
    this.standIn.members.set(pool, [{ ...first, address: "10.250.0.1" }, ...others]);
    return `cloud/team-${project}/cloud-${name(project, balancer)}/${PORT}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.disposeAsync();
    await this.standIn[Symbol.asyncDispose]();
  }

  #fill(): void {
    const { standIn } = this;
    const { projects, loadBalancers, members } = this.#size;
    standIn.pageSize = 1000;
    standIn.projects = range(projects).map((project) => ({ id: `project-${project}`, name: `team-${project}` }));
    for (const project of range(projects)) {
      const id = `project-${project}`;
      const each = (make: (own: string, balancer: number) => Answer): readonly Answer[] =>
        range(loadBalancers).map((balancer) => make(name(project, balancer), balancer));
      standIn.loadBalancers.set(
        id,
        each((own) => ({ ...RECORDED.loadbalancers, id: own, name: own, project_id: id })),
      );
      standIn.listeners.set(
        id,
        each((own) => {
          const of = { id: `listener-${own}`, default_pool_id: `pool-${own}`, loadbalancers: [{ id: own }] };
          return { ...RECORDED.listeners, ...of, project_id: id };
        }),
      );
      standIn.pools.set(
        id,
        each((own) => ({ ...RECORDED.pools, id: `pool-${own}`, project_id: id })),
      );
      for (const balancer of range(loadBalancers)) {
        const of = range(members).map((member) => {
          const at = { id: `member-${member}`, address: address(project, balancer, member) };
          return { ...RECORDED.members, ...at, project_id: id };
        });
        standIn.members.set(`pool-${name(project, balancer)}`, of);
      }
    }
  }

  #route(): void {
    const { projects, loadBalancers } = this.#size;
    const objects = range(projects).map((project) => {
      const routes = range(loadBalancers).map((balancer) => ({
        conditions: [{ prefix: `/${balancer}` }],
        services: [{ name: `cloud-${name(project, balancer)}`, port: PORT }],
      }));
      const checked = validate(
        {
          apiVersion: "projectcontour.io/v1",
          kind: "HTTPProxy",
          metadata: { name: "all", namespace: `team-${project}` },
          spec: { virtualhost: { fqdn: `team-${project}.example` }, routes },
        },
        { unknownFields: "error" },
      );
      if (checked.type !== "accepted") throw new Error(JSON.stringify(checked));
      return checked.object;
    });
    const origin = { file: "routes.yaml" };
    this.controlPlane.store.apply(objects.map((object) => ({ type: "put", object, origin })));
  }

  #follow(): void {
    const { store } = this.controlPlane;
    const transport = new Transport({ timeout: 60_000 });
    const credentials = () => Promise.resolve({ type: "token", token: "given" } as const);
    const authUrl = `${this.standIn.url}/v3`;
    const keystone = this.#parts.use(new Keystone({ authUrl, credentials, transport, now: Date.now }));
    const backend = new Backend({
      name: "cloud",
      discoverer: new OpenStackDiscoverer({
        cloud: new Cloud({ keystone, transport, interface: "public", atOnce: AT_ONCE }),
        namespaces: { allow: [], deny: [], map: {} },
        rules: { loadBalancers: true, servers: undefined, refuse: () => undefined },
        times: { interval: 10, retry: { least: 5, most: 20 } },
      }),
      placer: new StorePlacer({
        sink: store,
        originOf: (ref) => store.state(ref)?.origin,
        takenOver: () => ({ labels: [], annotations: [] }),
      }),
      cache: new NoCache(),
      log: silentLogger,
      now: Date.now,
      observer: { synced: (_backend, millis) => this.#ended(millis), failed: () => {} },
    });
    const stop = new AbortController();
    const run = backend.run(stop.signal);
    this.#parts.defer(async () => {
      stop.abort();
      await run;
    });
  }

  #ended(millis: number): void {
    this.cycles.push(millis);
    this.calls.push(this.standIn.requests.length - this.#asked);
    this.#asked = this.standIn.requests.length;
    const { resolve } = this.#next;
    this.#next = Promise.withResolvers();
    resolve();
  }
}

function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index);
}
