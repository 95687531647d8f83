import { cycleTimes } from "../cycles.ts";
import type { ObservedRequest } from "../pkgcloud/requests.ts";
import { readAuthorities } from "../read-authorities.ts";
import type { RefuseUpstream } from "../refuse-upstream.ts";
import type { CatalogEndpoint } from "./client/token.ts";
import { Cloud } from "./client/cloud.ts";
import { Keystone } from "./client/keystone.ts";
import { Transport } from "./client/transport.ts";
import { OpenStackDiscoverer } from "./discoverer.ts";
import type { NamespaceRules } from "./project-namespaces.ts";
import { type CredentialFiles, readCredentials } from "./read-credentials.ts";
import type { ServerRules } from "./servers.ts";

/** As binnacle.yaml has it. Durations are milliseconds. */
export interface OpenStackSettings extends CredentialFiles {
  readonly authUrl: string;
  readonly region?: string;
  readonly interface: CatalogEndpoint["interface"];
  readonly caFile?: string;
  readonly interval: number;
  readonly timeout: number;
  readonly atOnce: number;
  readonly loadBalancers: boolean;
  readonly servers?: ServerRules;
  readonly namespaces: NamespaceRules;
  readonly refuse: RefuseUpstream;
  readonly observe: (request: ObservedRequest) => void;
  readonly parts: AsyncDisposableStack;
}

/** Throws when the file of authorities cannot be read: nothing could be asked without it. */
export async function createOpenStackDiscoverer(settings: OpenStackSettings): Promise<OpenStackDiscoverer> {
  const { authUrl, region, interval, timeout, atOnce, caFile, observe, namespaces, parts } = settings;
  const ca = await readAuthorities(caFile);
  const transport = new Transport({ timeout, observe, ...ca });
  const credentials = () => readCredentials(settings);
  const keystone = parts.use(new Keystone({ authUrl, credentials, transport, now: Date.now }));
  return new OpenStackDiscoverer({
    cloud: new Cloud({
      keystone,
      transport,
      interface: settings.interface,
      atOnce,
      ...(region === undefined ? {} : { region }),
    }),
    namespaces,
    rules: { loadBalancers: settings.loadBalancers, servers: settings.servers, refuse: settings.refuse },
    times: cycleTimes(interval),
  });
}
