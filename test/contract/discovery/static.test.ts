import { StaticDiscoverer } from "#discovery/static/discoverer.ts";
import { discoveryContract } from "./discovery-contract.ts";

const http = { name: "http", port: 80, targetPort: 8080, protocol: "TCP" } as const;

discoveryContract(
  "static",
  (written) => {
    const services = Object.entries(written).map(([name, addresses]) => ({
      namespace: "team-shop",
      name,
      ports: [http],
      addresses,
    }));
    return Promise.resolve({
      discoverer: () => new StaticDiscoverer({ services, refuse: () => undefined, inStep: 10 }),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
  },
  { changes: false },
);
