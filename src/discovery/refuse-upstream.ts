import type { Problem } from "#lib/problem.ts";
import type { DiscoveredService } from "./discovered.ts";

/**
 * Why a host (an IP address or a name) may not be an upstream on a port, in words that follow it; undefined where it may. It is
 * asked by platforms whose addresses are written by whoever may write a zone: without it a name could open what listens on
 * this machine. Translation asks the same of every address once more.
 */
export type RefuseUpstream = (
  host: string,
  port: number,
) => { readonly message: string; readonly fix: string } | undefined;

/** A service without the endpoints that may not be upstreams, and what is told of them. */
function withoutRefused(
  service: DiscoveredService,
  refuse: RefuseUpstream,
): { readonly service: DiscoveredService; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const endpoints = service.endpoints.flatMap((group) => {
    const kept = group.endpoints.filter(({ address }) => {
      const [refusal] = group.ports.flatMap(({ port }) => refuse(address, port) ?? []);
      if (refusal === undefined) return true;
      const message = `service ${service.namespace}/${service.service}: ${address} ${refusal.message}`;
      problems.push({ severity: "error", path: "", message, fix: refusal.fix });
      return false;
    });
    return kept.length === 0 ? [] : [{ ...group, endpoints: kept }];
  });
  return problems.length === 0 ? { service, problems } : { service: { ...service, endpoints }, problems };
}

/** The same of many. */
export function allWithoutRefused(
  services: readonly DiscoveredService[],
  refuse: RefuseUpstream,
): { readonly services: readonly DiscoveredService[]; readonly problems: readonly Problem[] } {
  const allowed = services.map((service) => withoutRefused(service, refuse));
  return { services: allowed.map(({ service }) => service), problems: allowed.flatMap(({ problems }) => problems) };
}
