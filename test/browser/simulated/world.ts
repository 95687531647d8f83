import type { Why } from "#traffic/request-shown.ts";
import type { Owner, Upstream } from "#traffic/table-rows.ts";

/** The appliance that the console's tests look at: who serves what, how often and how well. Invented, but like one. */
export interface SimulatedRoute {
  readonly listener: string;
  readonly host: string;
  readonly route: string;
  readonly owner: Owner;
  /** Undefined: a redirect, answered by the appliance itself. */
  readonly upstream: Upstream | undefined;
  readonly paths: readonly string[];
  readonly methods: readonly string[];
  /** Requests a second. */
  readonly perSecond: number;
  /** Median milliseconds. */
  readonly latency: number;
  /** Chance of each failure. */
  readonly failures: readonly { readonly chance: number; readonly failure: SimulatedFailure }[];
  /** Chance of a 404 from the upstream. */
  readonly notFound: number;
}

export interface SimulatedFailure {
  readonly code: number;
  readonly flags: readonly string[];
  readonly details: string;
  readonly transportFailure: string;
  readonly why: Why;
}

export interface SimulatedEndpoint {
  readonly address: string;
  readonly health: "healthy" | "failing" | "ejected" | "draining" | "degraded";
  readonly zone: string;
}

export interface SimulatedCluster {
  readonly upstream: Upstream;
  readonly endpoints: readonly SimulatedEndpoint[];
}

function upstream(namespace: string, service: string, port: number, backend = "local"): Upstream {
  return { backend, namespace, service, port };
}

const WEB = upstream("team-shop", "web", 8080);
const CART = upstream("team-shop", "cart", 8080);
const CHECKOUT = upstream("team-pay", "checkout", 9000, "os-west");
const BLOG = upstream("team-blog", "blog", 80);
const SEARCH = upstream("team-search", "search-frontend-production", 8443, "k8s-east");

const REFUSED: SimulatedFailure = {
  code: 503,
  flags: ["UF", "URX"],
  details: "upstream_reset_before_response_started{connection_failure}",
  transportFailure: "delayed connect error: Connection refused",
  why: {
    summary: "team-shop/cart: 10.1.4.23:8080 refuses connections",
    detail:
      "Envoy tried 2 times; nothing listens on 10.1.4.23:8080 (connection refused). 1 of 3 endpoints fails its health check.",
    nextStep:
      "Look whether the program runs on 10.1.4.23, and whether targetPort 8080 of Service team-shop/cart is its port.",
    side: "upstream",
  },
};

const INTERNAL: SimulatedFailure = {
  code: 500,
  flags: [],
  details: "via_upstream",
  transportFailure: "",
  why: {
    summary: "team-shop/cart answered 500 by itself",
    detail: "The answer came from the program on the endpoint; the appliance passed it on unchanged.",
    nextStep: "Look into the logs of team-shop/cart for the request id below.",
    side: "upstream",
  },
};

const TIMED_OUT: SimulatedFailure = {
  code: 504,
  flags: ["UT"],
  details: "response_timeout",
  transportFailure: "",
  why: {
    summary: "team-pay/checkout did not answer within 15 s",
    detail: "The request reached 172.20.8.4:9000 and no response began before the route's timeout.",
    nextStep: "Compare the endpoints of team-pay/checkout below: 172.20.8.4 is slow, the others are not.",
    side: "upstream",
  },
};

const UNHEALTHY: SimulatedFailure = {
  code: 503,
  flags: ["UH"],
  details: "no_healthy_upstream",
  transportFailure: "",
  why: {
    summary: "No healthy endpoint in team-search/search-frontend-production",
    detail: "All 2 endpoints fail their health check since 4 minutes; requests are answered 503 at once.",
    nextStep: "Bring one endpoint back, or look at why GET /healthz fails on 10.9.0.11:8443.",
    side: "upstream",
  },
};

function owner(namespace: string, name: string, kind = "Ingress"): Owner {
  return { kind, namespace, name };
}

function route(
  listener: string,
  host: string,
  by: Owner,
  rest: Omit<SimulatedRoute, "listener" | "host" | "route" | "owner">,
): SimulatedRoute {
  return { listener, host, route: `${by.namespace}/${by.name}${rest.paths[0]}`, owner: by, ...rest };
}

export const ROUTES: readonly SimulatedRoute[] = [
  route("http", "shop.localhost", owner("team-shop", "shop"), {
    upstream: WEB,
    paths: ["/", "/products/anchor-chain", "/products/brass-compass", "/assets/site.css"],
    methods: ["GET"],
    perSecond: 42,
    latency: 9,
    failures: [],
    notFound: 0.01,
  }),
  route("http", "shop.localhost", owner("team-shop", "shop"), {
    upstream: CART,
    paths: ["/cart", "/cart/items", "/cart/items/1842"],
    methods: ["GET", "POST", "PUT"],
    perSecond: 12,
    latency: 24,
    failures: [
      { chance: 0.025, failure: REFUSED },
      { chance: 0.02, failure: INTERNAL },
    ],
    notFound: 0,
  }),
  route("https", "pay.example.com", owner("team-pay", "checkout"), {
    upstream: CHECKOUT,
    paths: ["/checkout", "/checkout/confirm"],
    methods: ["POST"],
    perSecond: 3,
    latency: 180,
    failures: [{ chance: 0.02, failure: TIMED_OUT }],
    notFound: 0,
  }),
  route("http", "pay.example.com", owner("team-pay", "checkout"), {
    upstream: undefined,
    paths: ["/"],
    methods: ["GET"],
    perSecond: 1,
    latency: 0.4,
    failures: [],
    notFound: 0,
  }),
  route("http", "blog.localhost", owner("team-blog", "blog"), {
    upstream: BLOG,
    paths: ["/", "/2026/gimbals-explained", "/feed.xml"],
    methods: ["GET"],
    perSecond: 18,
    latency: 14,
    failures: [],
    notFound: 0.04,
  }),
  route("https", "*.search.example.com", owner("team-search", "search-frontend-with-a-rather-long-name"), {
    upstream: SEARCH,
    paths: ["/search?q=…", "/suggest?q=…"],
    methods: ["GET"],
    perSecond: 2,
    latency: 40,
    failures: [{ chance: 0.9, failure: UNHEALTHY }],
    notFound: 0,
  }),
];

export const CLUSTERS: readonly SimulatedCluster[] = [
  {
    upstream: WEB,
    endpoints: [endpoint("10.1.4.11:8080"), endpoint("10.1.4.12:8080"), endpoint("10.1.4.13:8080", "draining")],
  },
  {
    upstream: CART,
    endpoints: [endpoint("10.1.4.21:8080"), endpoint("10.1.4.22:8080"), endpoint("10.1.4.23:8080", "failing")],
  },
  {
    upstream: CHECKOUT,
    endpoints: [endpoint("172.20.8.3:9000"), endpoint("172.20.8.4:9000", "ejected"), endpoint("[2001:db8:8::5]:9000")],
  },
  { upstream: BLOG, endpoints: [endpoint("10.1.7.2:80"), endpoint("10.1.7.3:80")] },
  { upstream: SEARCH, endpoints: [endpoint("10.9.0.11:8443", "failing"), endpoint("10.9.0.12:8443", "failing")] },
];

function endpoint(address: string, health: SimulatedEndpoint["health"] = "healthy"): SimulatedEndpoint {
  return { address, health, zone: address.startsWith("10.") ? "a" : "b" };
}

export const CLIENTS = ["203.0.113.7", "203.0.113.40", "198.51.100.23", "192.0.2.88", "2001:db8:44::1f"];
export const AGENTS = [
  "Mozilla/5.0 (X11; Linux x86_64) Firefox/152.0",
  "curl/8.14.1",
  "shop-app/4.2 (iOS)",
  "Googlebot/2.1",
];
