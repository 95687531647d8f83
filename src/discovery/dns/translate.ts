import { compareText } from "#lib/compare.ts";
import type { Problem } from "#lib/problem.ts";
import type { DiscoveredService, EndpointGroup } from "../discovered.ts";
import type { RefuseUpstream } from "../refuse-upstream.ts";
import { endpointGroups, servicePorts, targetPorts, type WrittenPort } from "../written-service.ts";

/** A service whose endpoints DNS tells. */
export interface DnsService {
  /** The team's. */
  readonly namespace: string;
  readonly name: string;
  readonly ports: readonly WrittenPort[];
  readonly names:
    /** A and AAAA: each address with every port. */
    | { readonly hosts: readonly string[] }
    /** SRV: each record with its own port, which stands for the only port of `ports`. */
    | { readonly srv: string };
}

/** What DNS says of a service's names. */
export interface Lookup {
  readonly found: readonly FoundHost[];
  /** Seconds: the least of all answers. */
  readonly ttl: number;
}

/** A host with its addresses; by SRV also where its port is, and when it is to be used. */
export interface FoundHost {
  readonly host: string;
  readonly addresses: readonly string[];
  /** Whether there is such a name at all. */
  readonly exists: boolean;
  readonly srv?: { readonly port: number; readonly priority: number; readonly weight: number };
}

export interface TranslatedLookup {
  readonly service: DiscoveredService;
  readonly problems: readonly Problem[];
}

/** A service and what its names lead to, in the form of all platforms. */
export function translateLookup(service: DnsService, { found }: Lookup, refuse: RefuseUpstream): TranslatedLookup {
  const problems: Problem[] = [];
  const tell = (severity: Problem["severity"], message: string, fix: string): void => {
    problems.push({ severity, path: "", message: `service ${service.namespace}/${service.name}: ${message}`, fix });
  };
  const allowed = found.map((host): FoundHost => {
    if (host.addresses.length === 0) {
      const message = host.exists ? `${host.host} has no addresses` : `there is no name ${host.host}`;
      tell("warning", message, "correct the name here, or its zone");
    }
    if (host.srv?.port === 0) {
      const message = `the SRV record of ${host.host} has the port 0, on which nothing can be reached`;
      tell("warning", message, "correct the record in its zone");
      return { ...host, addresses: [] };
    }
    const ports = host.srv === undefined ? service.ports.map(({ targetPort }) => targetPort) : [host.srv.port];
    const addresses = host.addresses.filter((address) => {
      const [refusal] = ports.flatMap((port) => refuse(address, port) ?? []);
      if (refusal !== undefined)
        tell("error", `${host.host} has the address ${address}, which ${refusal.message}`, refusal.fix);
      return refusal === undefined;
    });
    return { ...host, addresses };
  });
  if (found.length === 0) tell("warning", "there is no SRV record", "correct the name here, or its zone");
  return {
    service: {
      scope: service.namespace,
      service: service.name,
      namespace: service.namespace,
      labels: {},
      annotations: {},
      ports: servicePorts(service.ports),
      endpoints:
        "hosts" in service.names
          ? endpointGroups(
              allowed.flatMap(({ addresses }) => addresses),
              targetPorts(service.ports),
            )
          : serviceRecords(allowed, service.ports),
    },
    problems,
  };
}

/** Endpoints of one port, one weight and one priority are a group. */
function serviceRecords(hosts: readonly FoundHost[], ports: readonly WrittenPort[]): readonly EndpointGroup[] {
  const weighted = hosts.some(({ srv }) => srv !== undefined && srv.weight > 0);
  const groups = Map.groupBy(
    hosts.flatMap(({ srv, addresses }) =>
      srv === undefined
        ? []
        : addresses.map((address) => ({ ...srv, address, weight: weighted ? scaled(srv.weight) : undefined })),
    ),
    ({ port, priority, weight }) => JSON.stringify([priority, port, weight]),
  );
  return [...groups]
    .sort(([a], [b]) => compareText(a, b))
    .flatMap(([, members]) => {
      const [{ port, priority, weight }] = members as [(typeof members)[number]];
      const targets = targetPorts(ports).map((target) => ({ ...target, port }));
      return endpointGroups(
        members.map(({ address }) => address),
        targets,
      ).map((group) => ({
        ...group,
        ...(weight === undefined ? {} : { weight }),
        ...(priority === 0 ? {} : { priority }),
      }));
    });
}

/** A weight of 0 is "a very small chance", not none (RFC 2782): a tenth of what 1 is. */
function scaled(weight: number): number {
  return weight === 0 ? 1 : weight * 10;
}
