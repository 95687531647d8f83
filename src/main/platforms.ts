import type { Config } from "#config/config.ts";
import type { Discoverer } from "#discovery/discoverer.ts";
import type { RefuseUpstream } from "#discovery/refuse-upstream.ts";
import type { Connection } from "#kubernetes/connection.ts";
import type { Logger } from "#lib/log.ts";
import type { PlatformRequest } from "#monitoring/discovery-metrics.ts";

type BackendSettings = Config["backends"][number];

/** What a platform may need besides its settings. */
export interface PlatformContext {
  readonly refuse: RefuseUpstream;
  /** Told of each request to a platform's API. */
  readonly observe: (backend: string, request: PlatformRequest) => void;
  /** Where a cluster is reached, instead of by the kubeconfig file that its settings name. */
  readonly connection?: Connection | undefined;
  readonly log: Logger;
  /** What ends with the appliance. */
  readonly parts: AsyncDisposableStack;
}

/** Undefined for a backend of another platform. */
type Platform = (backend: BackendSettings, context: PlatformContext) => Promise<Discoverer> | undefined;

/** The platforms, a row each; the functions below load a platform's rooms only where it is used. */
const PLATFORMS: readonly Platform[] = [
  (backend, context) => backend.kubernetes && kubernetes(backend.kubernetes, backend, context),
  (backend, context) => backend.openstack && openstack(backend.openstack, backend, context),
  (backend, context) => backend.ec2 && ec2(backend.ec2, backend, context),
  (backend, context) => backend.digitalocean && digitalocean(backend.digitalocean, backend, context),
  (backend, context) => backend.rackspace && rackspace(backend.rackspace, backend, context),
  (backend, context) => backend.dns && dns(backend.dns, backend, context),
  (backend, context) => backend.static && staticAddresses(backend.static, context),
];

/** What follows the one platform that a backend names. */
export function createDiscoverer(backend: BackendSettings, context: PlatformContext): Promise<Discoverer> {
  for (const platform of PLATFORMS) {
    const discoverer = platform(backend, context);
    if (discoverer !== undefined) return discoverer;
  }
  throw new Error(`backend ${backend.name} is of no platform that is known here`);
}

async function kubernetes(
  { kubeconfig, context }: NonNullable<BackendSettings["kubernetes"]>,
  { name, namespaces, labelSelector }: BackendSettings,
  { connection: given, observe, log, parts }: PlatformContext,
): Promise<Discoverer> {
  const [{ createKubeClient }, { KubernetesDiscoverer }] = await Promise.all([
    import("#kubernetes/http-client.ts"),
    import("#discovery/kubernetes/discoverer.ts"),
  ]);
  const connection = given ?? ({ type: "file", kubeconfig, context } as const);
  return new KubernetesDiscoverer({
    client: parts.use(
      createKubeClient({ connection, environment: process.env, observe: (call) => observe(name, call) }),
    ),
    teamOf: (namespace) => teamOf(namespace, namespaces),
    ...(labelSelector === undefined ? {} : { labelSelector }),
    log,
  });
}

async function openstack(
  settings: NonNullable<BackendSettings["openstack"]>,
  backend: BackendSettings,
  context: PlatformContext,
): Promise<Discoverer> {
  const { createOpenStackDiscoverer } = await import("#discovery/openstack/create.ts");
  const { refuse, observe } = cloud(backend, context);
  const { namespaces } = backend;
  return await createOpenStackDiscoverer({ ...settings, namespaces, refuse, observe, parts: context.parts });
}

async function ec2(
  settings: NonNullable<BackendSettings["ec2"]>,
  backend: BackendSettings,
  context: PlatformContext,
): Promise<Discoverer> {
  const { createEc2Discoverer } = await import("#discovery/ec2/create.ts");
  return await createEc2Discoverer({ ...settings, ...cloud(backend, context), parts: context.parts });
}

async function digitalocean(
  settings: NonNullable<BackendSettings["digitalocean"]>,
  backend: BackendSettings,
  context: PlatformContext,
): Promise<Discoverer> {
  const { createDigitalOceanDiscoverer } = await import("#discovery/digitalocean/create.ts");
  return await createDigitalOceanDiscoverer({ ...settings, ...cloud(backend, context) });
}

async function rackspace(
  settings: NonNullable<BackendSettings["rackspace"]>,
  backend: BackendSettings,
  context: PlatformContext,
): Promise<Discoverer> {
  const { createRackspaceDiscoverer } = await import("#discovery/rackspace/create.ts");
  return await createRackspaceDiscoverer({ ...settings, ...cloud(backend, context), parts: context.parts });
}

/** What every cloud is given besides its settings. */
function cloud({ name, namespaces }: BackendSettings, { refuse, observe }: PlatformContext) {
  return {
    teamOf: (team: string) => teamOf(team, namespaces),
    refuse,
    observe: (request: PlatformRequest) => observe(name, request),
  };
}

async function dns(
  { servers, timeout, minimumTtl, maximumTtl, addressTypes, services }: NonNullable<BackendSettings["dns"]>,
  { name }: BackendSettings,
  { refuse, observe }: PlatformContext,
): Promise<Discoverer> {
  const [{ DnsClient }, { parseServerAddress }, { DnsDiscoverer }] = await Promise.all([
    import("#dns/dns-client.ts"),
    import("#dns/server-address.ts"),
    import("#discovery/dns/discoverer.ts"),
  ]);
  const own = servers.flatMap((text) => parseServerAddress(text) ?? []);
  return new DnsDiscoverer({
    client: new DnsClient({
      timeout,
      ...(own.length === 0 ? {} : { servers: own }),
      observe: ({ type, outcome, seconds }) => observe(name, { verb: "query", resource: type, code: outcome, seconds }),
    }),
    services,
    addressTypes,
    refuse,
    times: { minimumTtl, maximumTtl, retry: { least: 1000, most: 30_000 } },
    now: Date.now,
  });
}

async function staticAddresses(
  { services }: NonNullable<BackendSettings["static"]>,
  { refuse }: PlatformContext,
): Promise<Discoverer> {
  const { StaticDiscoverer } = await import("#discovery/static/discoverer.ts");
  return new StaticDiscoverer({ services, refuse });
}

/** The namespace here of a namespace there; undefined for one that is not followed. */
function teamOf(namespace: string, { allow, deny, map }: BackendSettings["namespaces"]): string | undefined {
  if (deny.includes(namespace) || (allow.length > 0 && !allow.includes(namespace))) return undefined;
  return map[namespace] ?? namespace;
}
