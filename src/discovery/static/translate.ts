import { compareText } from "#lib/compare.ts";
import type { Problem } from "#lib/problem.ts";
import type { DiscoveredService } from "../discovered.ts";
import type { RefuseUpstream } from "../refuse-upstream.ts";
import { endpointGroups, servicePorts, targetPorts, type WrittenPort } from "../written-service.ts";

/** A service as it is written in binnacle.yaml. */
export interface StaticService {
  /** The team's. */
  readonly namespace: string;
  readonly name: string;
  readonly ports: readonly WrittenPort[];
  /** IPv4, IPv6 and host names. */
  readonly addresses: readonly string[];
}

export interface TranslatedStatic {
  /** Sorted by namespace and name. */
  readonly services: readonly DiscoveredService[];
  readonly problems: readonly Problem[];
}

/** The services in the form of all platforms. An address that may not be an upstream on one of its ports is left out, and told. */
export function translateStatic(written: readonly StaticService[], refuse: RefuseUpstream): TranslatedStatic {
  const problems: Problem[] = [];
  const services = written.map(({ namespace, name, ports, addresses }): DiscoveredService => {
    const allowed = addresses.filter((address) => {
      const [refusal] = ports.flatMap(({ targetPort }) => refuse(address, targetPort) ?? []);
      if (refusal === undefined) return true;
      const message = `service ${namespace}/${name}: ${address} ${refusal.message}`;
      problems.push({ severity: "error", path: "addresses", message, fix: refusal.fix });
      return false;
    });
    return {
      scope: namespace,
      service: name,
      namespace,
      labels: {},
      annotations: {},
      ports: servicePorts(ports),
      endpoints: endpointGroups(allowed, targetPorts(ports)),
    };
  });
  return {
    services: services.sort((a, b) => compareText(a.scope, b.scope) || compareText(a.service, b.service)),
    problems,
  };
}
