import type { BackendState, BackendsView, DependentRoute, FoundService } from "#api/ports/backends.ts";

/** Three backends: one in step that holds a mass deletion, one that answers with errors, one that is new. */
export function simulatedBackends(now: number): BackendsView {
  const states: BackendState[] = [
    { name: "dc-east", platform: "kubernetes", state: "synced", since: now - 7_200_000, lastSync: now - 400, ...QUIET },
    {
      name: "os-west",
      platform: "openstack",
      state: "stale",
      since: now - 240_000,
      lastSync: now - 240_000,
      failure: {
        kind: "server",
        message: "list projects: Keystone answered 503 three times",
        fix: "see whether the platform's API is up",
      },
      ...QUIET,
      problems: [
        {
          severity: "warning",
          path: "",
          message: "load balancer 9f3c of project team-pay has a listener of TERMINATED_HTTPS, which is left out",
          fix: "terminate TLS here instead",
        },
      ],
    },
    { name: "shelf", platform: "static", state: "syncing", since: now - 2_000, ...QUIET },
  ];
  const services = [
    ...found("dc-east", "team-pay", ["ledger", "checkout", "refunds"], 6),
    ...found("dc-east", "team-shop", ["cart", "catalogue", "search"], 12),
    ...Array.from({ length: 11 }, (_, at) => held("dc-east", "team-blog", `archive-${at + 1}`)),
    ...found("os-west", "team-pay", ["ledger"], 3),
    ...found("os-west", "team-shop", ["cart"], 4),
    unplaced("os-west", "team-shop", "stock"),
  ];
  return {
    list: () => states,
    services: () => services,
    routes: (backend) => ROUTES.filter(({ services: [first] }) => first?.name.startsWith(backend)),
    hindrance: () => undefined,
    confirm: (backend) => services.filter((one) => one.backend === backend && one.state === "held").length,
    remove: (_backend, drain) => now + drain,
    restore: () => Promise.resolve(),
  };
}

const QUIET = { waiting: 0, problems: [] };

const ROUTES: readonly DependentRoute[] = [
  {
    owner: { kind: "Ingress", namespace: "team-pay", name: "checkout" },
    host: "pay.localhost",
    route: "prefix /",
    services: [{ namespace: "team-pay", name: "dc-east-checkout", port: 80, share: 1, endpoints: 6 }],
    remaining: 0,
  },
  {
    owner: { kind: "Ingress", namespace: "team-shop", name: "shop" },
    host: "shop.localhost",
    route: "prefix /cart",
    services: [{ namespace: "team-shop", name: "dc-east-cart", port: 80, share: 0.5, endpoints: 12 }],
    remaining: 4,
  },
];

function found(backend: string, namespace: string, names: readonly string[], endpoints: number): FoundService[] {
  return names.map((service) => ({
    backend,
    scope: namespace,
    service,
    namespace,
    name: `${backend}-${service}`,
    state: "replicated",
    isUpstream: true,
    upstreamEndpoints: endpoints,
    endpoints,
    problems: [],
  }));
}

function held(backend: string, namespace: string, service: string): FoundService {
  const [one] = found(backend, namespace, [service], 2);
  return { ...one!, state: "held", isUpstream: false, upstreamEndpoints: 0 };
}

function unplaced(backend: string, namespace: string, service: string): FoundService {
  const [one] = found(backend, namespace, [service], 3);
  const message = `Service ${namespace}/${backend}-${service} is in team-shop/stock.yaml, which keeps it, so this service is not placed`;
  const problem = { severity: "error", path: "metadata.name", message, fix: "rename one of the two" } as const;
  return { ...one!, state: "unplaced", endpoints: 0, problems: [problem] };
}
