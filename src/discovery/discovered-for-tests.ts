import type { DiscoveredEndpoint, DiscoveredService } from "./discovered.ts";

/** For tests: a service of team-shop with one port and these endpoints. */
export function discovered(
  service: string,
  addresses: readonly string[] = ["10.0.0.1"],
  overrides: Partial<DiscoveredService> = {},
): DiscoveredService {
  return {
    scope: "team-shop",
    service,
    namespace: "team-shop",
    labels: {},
    annotations: {},
    ports: [{ name: "http", port: 80, protocol: "TCP" }],
    endpoints:
      addresses.length === 0
        ? []
        : [
            {
              addressType: "IPv4",
              ports: [{ name: "http", protocol: "TCP", port: 8080 }],
              endpoints: addresses.map(endpoint),
            },
          ],
    ...overrides,
  };
}

/** A ready one. */
export function endpoint(address: string): DiscoveredEndpoint {
  return { address, ready: true, serving: true, terminating: false };
}
