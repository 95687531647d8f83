import { quote } from "#lib/describe-value.ts";
import type { Problem } from "#lib/problem.ts";
import { AnnotationReader, type ReadAnnotations } from "./annotation-reader.ts";
import type { Ingress } from "./ingress.ts";
import { checkLabelValue, checkPortName, isDnsLabel } from "./names.ts";
import type { Resource } from "./resource.ts";

/** On an object with routes: which Services take over from which. */
export const FAILOVER_ANNOTATION = "binnacle.dev/failover";
/** On an object with routes, of which each sends to several Services: those of which backends are used first. */
export const PREFER_BACKENDS_ANNOTATION = "binnacle.dev/prefer-backends";
/** On an object with routes, or a Service: endpoints of which zones are used first. */
export const PREFER_ZONES_ANNOTATION = "binnacle.dev/prefer-zones";

/** In which order the upstreams of an object's routes are used. */
export interface Preference {
  readonly failover: readonly FailoverChain[];
  /** Backends by name; `local` is the home's own. Empty: none is preferred. */
  readonly backends: readonly string[];
  /** Empty: as each Service says. */
  readonly zones: readonly string[];
}

/** The Services that take over, in this order, when too few endpoints of those before are healthy. */
export interface FailoverChain {
  readonly first: NamedService;
  /** At least one. */
  readonly fallbacks: readonly NamedService[];
}

/** A Service of the object's own namespace. */
export interface NamedService {
  readonly name: string;
  /** By number or name. Undefined: of the first one any, of another that which the route names. */
  readonly port: number | string | undefined;
}

/** Each is one more priority in Envoy, which has 128 of them for a cluster. */
const MOST_FALLBACKS = 7;
export const MOST_ZONES = 8;

const NOTHING: ReadAnnotations<Preference> = { value: { failover: [], backends: [], zones: [] }, problems: [] };

export function readPreference(annotations: Readonly<Record<string, string>>): ReadAnnotations<Preference> {
  // Most objects have none, and this is asked for each route.
  const names = [FAILOVER_ANNOTATION, PREFER_BACKENDS_ANNOTATION, PREFER_ZONES_ANNOTATION];
  if (!names.some((name) => Object.hasOwn(annotations, name))) return NOTHING;
  const reader = new AnnotationReader(annotations);
  const value: Preference = {
    failover: readFailover(reader),
    backends: distinct(reader, PREFER_BACKENDS_ANNOTATION, "names of backends", isDnsLabel, MOST_FALLBACKS),
    zones: readZones(reader),
  };
  return { value, problems: reader.problems };
}

export function readZones(reader: AnnotationReader): readonly string[] {
  const isZone = (text: string): boolean => text !== "" && checkLabelValue(text) === undefined;
  return distinct(reader, PREFER_ZONES_ANNOTATION, "names of zones", isZone, MOST_ZONES);
}

/** What is wrong with the preference of an object with routes, chains that begin with a Service it does not use included. */
export function preferenceProblems(object: Resource): readonly Problem[] {
  const used = usedServices(object);
  if (used === undefined) return [];
  const { value, problems } = readPreference(object.metadata.annotations);
  const unused = new AnnotationReader(object.metadata.annotations);
  for (const { first } of value.failover) {
    if (used.has(first.name)) continue;
    const message = `none of its routes sends to Service ${first.name}, so nobody takes over from it`;
    const known = [...used].sort();
    unused.warn(
      FAILOVER_ANNOTATION,
      message,
      `begin with one that it sends to: ${known.join(", ") || "there is none"}`,
    );
  }
  return [...problems, ...unused.problems];
}

/** Undefined: it is no object with routes. */
function usedServices(object: Resource): ReadonlySet<string> | undefined {
  if (object.kind === "Ingress") return new Set(ingressServices(object));
  if (object.kind !== "HTTPProxy" && object.kind !== "IngressRoute") return undefined;
  const { routes, tcpproxy } = object.spec;
  return new Set([...routes, tcpproxy].flatMap((route) => (route?.services ?? []).map(({ name }) => name)));
}

function ingressServices({ spec }: Ingress): readonly string[] {
  const paths = spec.rules.flatMap(({ http }) => http?.paths ?? []);
  return [spec.defaultBackend, ...paths.map(({ backend }) => backend)].flatMap((backend) =>
    backend?.service === undefined ? [] : [backend.service.name],
  );
}

const CHAIN_WORDS =
  "Services in the order in which they are used, such as east-web > west-web > spare:8080, several chains separated by commas";

function readFailover(reader: AnnotationReader): readonly FailoverChain[] {
  const text = reader.text(FAILOVER_ANNOTATION);
  if (text === undefined) return [];
  const chains: FailoverChain[] = [];
  const wrong = (message: string, fix?: string): readonly FailoverChain[] => {
    reader.complain(FAILOVER_ANNOTATION, message, fix);
    return [];
  };
  for (const written of text.split(",").map((chain) => chain.trim())) {
    const names = written.split(">").map((name) => name.trim());
    const foreign = names.find((name) => name.includes("/"));
    if (foreign !== undefined) {
      const fix = "name Services of the object's own namespace alone, without a /";
      return wrong(`${quote(foreign)} is a Service of another namespace, to which its routes cannot send`, fix);
    }
    const [first, ...fallbacks] = names.flatMap((name) => namedService(name) ?? []);
    if (first === undefined || fallbacks.length === 0 || fallbacks.length + 1 < names.length)
      return wrong(`found ${quote(written)}, expected ${CHAIN_WORDS}`);
    if (fallbacks.length > MOST_FALLBACKS)
      return wrong(`found ${fallbacks.length} Services after ${first.name}, expected at most ${MOST_FALLBACKS}`);
    const twice = names.find((name, index) => names.indexOf(name) < index);
    if (twice !== undefined) return wrong(`found ${quote(twice)} twice in a chain`, "name each Service once");
    if (chains.some((chain) => chain.first.name === first.name && chain.first.port === first.port))
      return wrong(`found two chains that begin with ${quote(names[0] ?? "")}`, "join them");
    chains.push({ first, fallbacks });
  }
  return chains;
}

function namedService(text: string): NamedService | undefined {
  const [, name = "", port] = /^([^:]*)(?::(.*))?$/.exec(text) ?? [];
  if (!isDnsLabel(name)) return undefined;
  if (port === undefined) return { name, port };
  if (checkPortName(port) === undefined) return { name, port };
  const number = /^\d{1,5}$/.test(port) ? Number(port) : 0;
  return number >= 1 && number <= 65_535 ? { name, port: number } : undefined;
}

function distinct(
  reader: AnnotationReader,
  name: string,
  what: string,
  accepts: (entry: string) => boolean,
  most: number,
): readonly string[] {
  const entries = reader.list(name, `${what} in the order in which they are used`, accepts) ?? [];
  const twice = entries.find((entry, index) => entries.indexOf(entry) < index);
  if (twice !== undefined) reader.complain(name, `found ${quote(twice)} twice`, "name each once");
  else if (entries.length > most) reader.complain(name, `found ${entries.length} entries, expected at most ${most}`);
  else return entries;
  return [];
}
