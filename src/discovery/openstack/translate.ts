import { isIPv6 } from "node:net";
import { compareText } from "#lib/compare.ts";
import type { Problem } from "#lib/problem.ts";
import type { DiscoveredPort, DiscoveredService, EndpointGroup, Protocol } from "../discovered.ts";
import type { FoundServices } from "../services-of-machines.ts";
import type { Listener, LoadBalancer, Member, Pool } from "./shapes.ts";

/** A project with what stands in it. */
export interface ProjectContent {
  readonly projectId: string;
  /** The team that it belongs to here. */
  readonly namespace: string;
  readonly loadBalancers: readonly LoadBalancer[];
  readonly listeners: readonly Listener[];
  readonly pools: readonly { readonly pool: Pool; readonly members: readonly Member[] }[];
}

/**
 * Load balancers as services, under Gimbal's names: the id in lower case, since a name may change under a route, and a port
 * `port-N` for each listener, with the members of its default pool behind it.
 */
export function translateLoadBalancers(content: ProjectContent): FoundServices {
  const problems: Problem[] = [];
  const pools = new Map(content.pools.map((entry) => [entry.pool.id, entry]));
  const services = content.loadBalancers.map((balancer): DiscoveredService => {
    const { id, name } = balancer;
    const own = content.listeners
      .filter(({ loadbalancers }) => loadbalancers.some((one) => one.id === id))
      .sort((a, b) => a.protocol_port - b.protocol_port || compareText(a.protocol, b.protocol));
    const warn = (listener: Listener, message: string, fix: string): void => {
      const what = `load balancer ${name ?? ""} (${id}), port ${listener.protocol_port}`;
      problems.push({ severity: "warning", path: "", message: `${what}: ${message}`, fix });
    };
    const taken = new Set<string>();
    const ports: DiscoveredPort[] = [];
    const endpoints: EndpointGroup[] = [];
    for (const listener of own) {
      const protocol = PROTOCOLS[listener.protocol] ?? "TCP";
      const plain = `port-${listener.protocol_port}`;
      // The same number may be listened on by TCP and by UDP.
      const portName = taken.has(plain) ? `${plain}-${protocol.toLowerCase()}` : plain;
      taken.add(plain);
      const entry = pools.get(listener.default_pool_id ?? "");
      const tls = entry?.pool.protocol === "HTTPS" ? { appProtocol: "https" } : {};
      ports.push({ name: portName, port: listener.protocol_port, protocol, ...tls });
      if (listener.l7policies.length > 0)
        warn(listener, `its ${listener.l7policies.length} L7 policies are not taken over`, "write them as routes");
      if (entry === undefined) {
        warn(listener, "it has no default pool, so no endpoints", "give the listener a default pool");
        continue;
      }
      if (entry.pool.protocol.startsWith("PROXY"))
        warn(
          listener,
          "its members expect the PROXY protocol, which they do not get",
          "use a pool of another protocol",
        );
      const isUp = balancer.admin_state_up && listener.admin_state_up && entry.pool.admin_state_up;
      endpoints.push(...groupsOf(entry.members, { name: portName, protocol }, isUp));
    }
    return {
      scope: content.projectId,
      service: id.toLowerCase(),
      namespace: content.namespace,
      labels: {},
      annotations: {},
      ports,
      endpoints,
      loadBalancer: { id, name: name ?? "" },
    };
  });
  return { services: services.sort((a, b) => compareText(a.service, b.service)), problems };
}

/** What listens as HTTP, HTTPS or with TLS of its own is TCP to us. */
const PROTOCOLS: Readonly<Record<string, Protocol>> = { UDP: "UDP", SCTP: "SCTP" };

/** Members of one port, address type, weight and role are a group. */
function groupsOf(
  members: readonly Member[],
  port: { readonly name: string; readonly protocol: Protocol },
  isUp: boolean,
): readonly EndpointGroup[] {
  const weighted = members.some(({ weight }) => weight !== 1);
  const groups = Map.groupBy(members, ({ address, protocol_port, weight, backup }) =>
    JSON.stringify([protocol_port, isIPv6(address), weight, backup === true]),
  );
  return [...groups]
    .sort(([a], [b]) => compareText(a, b))
    .map(([, alike]): EndpointGroup => {
      const [{ address: first, protocol_port: number, weight, backup }] = alike as [Member];
      return {
        addressType: isIPv6(first) ? "IPv6" : "IPv4",
        ports: [{ ...port, port: number }],
        endpoints: alike
          .map((member) => ({ address: member.address, ...conditionsOf(member, isUp) }))
          .sort((a, b) => compareText(a.address, b.address)),
        ...(weighted ? { weight } : {}),
        ...(backup === true ? { priority: 1 } : {}),
      };
    });
}

/** Ready unless somebody switched it off, or its monitor found it down. One that drains or goes ends what it has. */
function conditionsOf(
  { admin_state_up, operating_status, provisioning_status }: Member,
  isUp: boolean,
): { readonly ready: boolean; readonly serving: boolean; readonly terminating: boolean } {
  const terminating = operating_status === "DRAINING" || provisioning_status === "PENDING_DELETE";
  const serving = isUp && admin_state_up && operating_status !== "ERROR" && operating_status !== "OFFLINE";
  return { ready: serving && !terminating, serving, terminating };
}
