import type { Problem } from "#lib/problem.ts";
import { STALE_ANNOTATION, UPSTREAM_ANNOTATION } from "./discovered.ts";
import { ACME_ANNOTATION } from "./acme.ts";
import { AnnotationReader, type ReadAnnotations } from "./annotation-reader.ts";
import { isDnsLabel } from "./names.ts";
import {
  FAILOVER_ANNOTATION,
  PREFER_BACKENDS_ANNOTATION,
  PREFER_ZONES_ANNOTATION,
  preferenceProblems,
  readZones,
} from "./preference.ts";
import type { Kind } from "./ref.ts";
import type { Resource } from "./resource.ts";
import { RETRY_ON } from "./retry-on.ts";
import { readRouteAnnotations, ROUTE_ANNOTATIONS } from "./route-annotations.ts";

/** Durations are milliseconds; `undefined` leaves it to the appliance's configuration. */
export interface IngressAnnotations {
  /** Whether plain HTTP redirects to HTTPS on the hosts that have TLS. */
  readonly sslRedirect: boolean | undefined;
  /** `false`: no plain HTTP at all. */
  readonly allowHttp: boolean | undefined;
  /** Retries after the first attempt. */
  readonly retries: number | undefined;
  /** Envoy's x-envoy-retry-on words, comma separated. */
  readonly retryOn: string | undefined;
  readonly perTryTimeout: number | undefined;
  /** 0: no limit. */
  readonly responseTimeout: number | undefined;
  readonly tlsMinimumVersion: "1.2" | "1.3" | undefined;
  readonly tlsMaximumVersion: "1.2" | "1.3" | undefined;
  /** Where the Secrets of its TLS entries are; undefined: in its own namespace. */
  readonly tlsSecretNamespace: string | undefined;
  /** The paths on which connections may be upgraded. */
  readonly websocketPaths: readonly string[] | undefined;
  /** Whether the certificates that its TLS entries lack come from the ACME server. */
  readonly acme: boolean | undefined;
}

export interface ProxyAnnotations {
  /** As that of an Ingress. */
  readonly acme: boolean | undefined;
}

/** Durations are milliseconds. */
export interface ServiceAnnotations {
  /** Active HTTP checks, only where a path asks for them. */
  readonly healthCheck: HealthCheckAnnotations | undefined;
  /** On unless switched off. */
  readonly outlierDetection: boolean;
  readonly circuitBreaker: CircuitBreakerAnnotations;
  /** Endpoints of these zones are used first, in this order, by routes that do not say it themselves. */
  readonly zones: readonly string[];
  /** Ports, by name or number: `h2` is HTTP/2 over TLS, `h2c` HTTP/2 without, `tls` HTTP/1.1 over TLS. */
  readonly upstreamProtocol: Readonly<Record<UpstreamProtocol, readonly string[]>>;
}

export interface HealthCheckAnnotations {
  readonly path: string;
  readonly interval: number;
  readonly timeout: number;
  readonly healthyThreshold: number;
  readonly unhealthyThreshold: number;
}

export interface CircuitBreakerAnnotations {
  readonly maxConnections: number | undefined;
  readonly maxPendingRequests: number | undefined;
  readonly maxRequests: number | undefined;
  readonly maxRetries: number | undefined;
  readonly perHostMaxConnections: number | undefined;
}

export type UpstreamProtocol = "h2" | "h2c" | "tls";

/** Of all endpoints of a slice. */
export interface SliceAnnotations {
  /** How much each of them gets, in relation to those of other slices; 0 takes nothing new. Undefined: 1. */
  readonly weight: number | undefined;
  /** 0 is used first, higher ones when too few of the lower ones are healthy. Undefined: 0. */
  readonly priority: number | undefined;
}

export interface NamespaceAnnotations {
  /** `false`: a refused object's last accepted form does not go on serving. */
  readonly lastGood: boolean;
}

const SSL_REDIRECT = "binnacle.dev/ssl-redirect";
const FORCE_SSL_REDIRECT = "ingress.kubernetes.io/force-ssl-redirect";
const HEALTH_CHECK_PATH = "binnacle.dev/health-check-path";
const HEALTH_CHECK_INTERVAL = "binnacle.dev/health-check-interval";
const HEALTH_CHECK_TIMEOUT = "binnacle.dev/health-check-timeout";
const HEALTHY_THRESHOLD = "binnacle.dev/health-check-healthy-threshold";
const UNHEALTHY_THRESHOLD = "binnacle.dev/health-check-unhealthy-threshold";
const OUTLIER_DETECTION = "binnacle.dev/outlier-detection";
const LAST_GOOD = "binnacle.dev/last-good";
export const WEIGHT_ANNOTATION = "binnacle.dev/weight";
export const PRIORITY_ANNOTATION = "binnacle.dev/priority";
/** SRV's weights (RFC 2782), with room for fractions of one. */
const LARGEST_WEIGHT = 1_000_000;
/** SRV's priorities. */
export const LARGEST_PRIORITY = 65_535;

const OWN_ANNOTATIONS = {
  Ingress: [SSL_REDIRECT, ACME_ANNOTATION, FAILOVER_ANNOTATION, PREFER_ZONES_ANNOTATION, ...ROUTE_ANNOTATIONS],
  HTTPProxy: [
    ACME_ANNOTATION,
    FAILOVER_ANNOTATION,
    PREFER_BACKENDS_ANNOTATION,
    PREFER_ZONES_ANNOTATION,
    ...ROUTE_ANNOTATIONS,
  ],
  IngressRoute: [FAILOVER_ANNOTATION, PREFER_BACKENDS_ANNOTATION, PREFER_ZONES_ANNOTATION, ...ROUTE_ANNOTATIONS],
  Service: [
    HEALTH_CHECK_PATH,
    HEALTH_CHECK_INTERVAL,
    HEALTH_CHECK_TIMEOUT,
    HEALTHY_THRESHOLD,
    UNHEALTHY_THRESHOLD,
    OUTLIER_DETECTION,
    PREFER_ZONES_ANNOTATION,
    UPSTREAM_ANNOTATION,
    STALE_ANNOTATION,
  ],
  EndpointSlice: [WEIGHT_ANNOTATION, PRIORITY_ANNOTATION, UPSTREAM_ANNOTATION],
  Namespace: [LAST_GOOD],
} as const satisfies Partial<Record<Kind, readonly string[]>>;

const LARGEST_COUNT = 2 ** 32 - 1;
const TLS_VERSIONS = { "1.2": "1.2", "1.3": "1.3" } as const;
const ON_OFF = { on: true, off: false } as const;

const RETRY_WORDS: ReadonlySet<string> = new Set(RETRY_ON);

export function readIngressAnnotations(
  annotations: Readonly<Record<string, string>>,
): ReadAnnotations<IngressAnnotations> {
  const reader = new AnnotationReader(annotations);
  const forced = reader.boolean(FORCE_SSL_REDIRECT);
  const retries = reader.count("projectcontour.io/num-retries", -1, LARGEST_COUNT);
  const value: IngressAnnotations = {
    sslRedirect: reader.boolean(SSL_REDIRECT) ?? forced,
    allowHttp: reader.boolean("kubernetes.io/ingress.allow-http"),
    // Contour: -1 is none, 0 is the default.
    retries: retries === 0 ? undefined : retries === -1 ? 0 : retries,
    retryOn: reader
      .list("projectcontour.io/retry-on", "Envoy's retry conditions such as 5xx or gateway-error", (word) =>
        RETRY_WORDS.has(word),
      )
      ?.join(","),
    perTryTimeout: limit(reader.duration("projectcontour.io/per-try-timeout", "infinity")),
    responseTimeout: responseTimeout(reader.duration("projectcontour.io/response-timeout", "infinity")),
    tlsMinimumVersion: reader.choice("projectcontour.io/tls-minimum-protocol-version", TLS_VERSIONS),
    tlsMaximumVersion: reader.choice("projectcontour.io/tls-maximum-protocol-version", TLS_VERSIONS),
    tlsSecretNamespace: reader.read("projectcontour.io/tls-cert-namespace", "the name of a namespace", (text) =>
      isDnsLabel(text) ? text : undefined,
    ),
    websocketPaths: reader.list("projectcontour.io/websocket-routes", "paths that start with /", (path) =>
      path.startsWith("/"),
    ),
    acme: reader.boolean(ACME_ANNOTATION),
  };
  return { value, problems: reader.problems };
}

export function readProxyAnnotations(annotations: Readonly<Record<string, string>>): ReadAnnotations<ProxyAnnotations> {
  const reader = new AnnotationReader(annotations);
  return { value: { acme: reader.boolean(ACME_ANNOTATION) }, problems: reader.problems };
}

export function readServiceAnnotations(
  annotations: Readonly<Record<string, string>>,
): ReadAnnotations<ServiceAnnotations> {
  const reader = new AnnotationReader(annotations);
  const count = (name: string): number | undefined => reader.count(`projectcontour.io/${name}`, 1, LARGEST_COUNT);
  const value: ServiceAnnotations = {
    healthCheck: readHealthCheck(reader),
    outlierDetection: reader.choice(OUTLIER_DETECTION, ON_OFF) ?? true,
    circuitBreaker: {
      maxConnections: count("max-connections"),
      maxPendingRequests: count("max-pending-requests"),
      maxRequests: count("max-requests"),
      maxRetries: count("max-retries"),
      perHostMaxConnections: count("per-host-max-connections"),
    },
    zones: readZones(reader),
    upstreamProtocol: readUpstreamProtocol(reader),
  };
  return { value, problems: reader.problems };
}

export function readSliceAnnotations(annotations: Readonly<Record<string, string>>): ReadAnnotations<SliceAnnotations> {
  const reader = new AnnotationReader(annotations);
  const value: SliceAnnotations = {
    weight: reader.count(WEIGHT_ANNOTATION, 0, LARGEST_WEIGHT),
    priority: reader.count(PRIORITY_ANNOTATION, 0, LARGEST_PRIORITY),
  };
  return { value, problems: reader.problems };
}

export function readNamespaceAnnotations(
  annotations: Readonly<Record<string, string>>,
): ReadAnnotations<NamespaceAnnotations> {
  const reader = new AnnotationReader(annotations);
  return { value: { lastGood: reader.choice(LAST_GOOD, ON_OFF) ?? true }, problems: reader.problems };
}

/** All that is wrong with an object's annotations, unknown ones of our own prefix included. */
export function annotationProblems(object: Resource): readonly Problem[] {
  const { kind } = object;
  const { annotations } = object.metadata;
  if (Object.keys(annotations).length === 0) return [];
  const own = Object.entries(OWN_ANNOTATIONS).find(([candidate]) => candidate === kind)?.[1] ?? [];
  const unknown = new AnnotationReader(annotations);
  unknown.warnOfUnknown(own, OWN_ANNOTATIONS);
  const routes = own.some((name) => name === ROUTE_ANNOTATIONS[0]) ? readRouteAnnotations(annotations).problems : [];
  return [...valueProblems(kind, annotations), ...preferenceProblems(object), ...routes, ...unknown.problems];
}

function valueProblems(kind: Kind, annotations: Readonly<Record<string, string>>): readonly Problem[] {
  if (kind === "Ingress") return readIngressAnnotations(annotations).problems;
  if (kind === "HTTPProxy") return readProxyAnnotations(annotations).problems;
  if (kind === "Service") return readServiceAnnotations(annotations).problems;
  if (kind === "EndpointSlice") return readSliceAnnotations(annotations).problems;
  if (kind === "Namespace") return readNamespaceAnnotations(annotations).problems;
  return [];
}

function readHealthCheck(reader: AnnotationReader): HealthCheckAnnotations | undefined {
  const path = reader.read(HEALTH_CHECK_PATH, "a path that starts with /", (text) =>
    text.startsWith("/") ? text : undefined,
  );
  const check = {
    interval: reader.duration(HEALTH_CHECK_INTERVAL, "finite") ?? 5000,
    timeout: reader.duration(HEALTH_CHECK_TIMEOUT, "finite") ?? 2000,
    healthyThreshold: reader.count(HEALTHY_THRESHOLD, 1, 100) ?? 2,
    unhealthyThreshold: reader.count(UNHEALTHY_THRESHOLD, 1, 100) ?? 3,
  };
  if (reader.text(HEALTH_CHECK_PATH) === undefined) {
    for (const name of [HEALTH_CHECK_INTERVAL, HEALTH_CHECK_TIMEOUT, HEALTHY_THRESHOLD, UNHEALTHY_THRESHOLD]) {
      if (reader.text(name) !== undefined)
        reader.complain(name, `has no effect without ${HEALTH_CHECK_PATH}`, "add the path");
    }
  }
  return path === undefined ? undefined : { path, ...check };
}

function readUpstreamProtocol(reader: AnnotationReader): ServiceAnnotations["upstreamProtocol"] {
  const taken = new Map<string, UpstreamProtocol>();
  const ports = (protocol: UpstreamProtocol): readonly string[] => {
    const name = `projectcontour.io/upstream-protocol.${protocol}`;
    const entries = reader.list(name, "names or numbers of ports", (entry) => entry !== "") ?? [];
    return entries.filter((port) => {
      const other = taken.get(port);
      if (other !== undefined) reader.complain(name, `port ${port} already has ${other}`, "name each port once");
      else taken.set(port, protocol);
      return other === undefined;
    });
  };
  return { h2: ports("h2"), h2c: ports("h2c"), tls: ports("tls") };
}

/** Contour: 0 is the default, and infinity is no limit. */
function responseTimeout(milliseconds: number | undefined): number | undefined {
  if (milliseconds === 0) return undefined;
  return milliseconds === Infinity ? 0 : milliseconds;
}

function limit(milliseconds: number | undefined): number | undefined {
  return milliseconds === 0 || milliseconds === Infinity ? undefined : milliseconds;
}
