import { AnnotationReader, type ReadAnnotations } from "./annotation-reader.ts";

/** What the annotations of an object with routes say of all of them. */
export interface RouteAnnotations {
  /** Undefined: answers go to the client as the upstream gives them. */
  readonly compression: CompressionAnnotations | undefined;
  /** From 0 to 1: which part of their ordinary requests is logged singly. Undefined: all, as far as the appliance's budget goes. */
  readonly logShare: number | undefined;
}

export interface CompressionAnnotations {
  /** At least one. The first is used where a client takes no other more gladly; of the rest the one that the client names first. */
  readonly encodings: readonly ContentEncoding[];
  /** Media types without parameters. */
  readonly types: readonly string[];
}

/** Content codings (RFC 9110 §8.4.1) that Envoy has. */
export type ContentEncoding = "br" | "zstd" | "gzip";

const COMPRESSION = "binnacle.dev/compression";
const COMPRESSION_TYPES = "binnacle.dev/compression-types";
const LOG_SHARE = "binnacle.dev/access-log-share";

export const ROUTE_ANNOTATIONS: readonly string[] = [COMPRESSION, COMPRESSION_TYPES, LOG_SHARE];

const NOTHING: ReadAnnotations<RouteAnnotations> = {
  value: { compression: undefined, logShare: undefined },
  problems: [],
};

/** The smallest answers first. */
const ENCODINGS: readonly ContentEncoding[] = ["br", "zstd", "gzip"];

/** Text of the web, and no streams of events: those would wait until there is enough to compress. */
const TYPES: readonly string[] = [
  "application/javascript",
  "application/json",
  "application/manifest+json",
  "application/problem+json",
  "application/xhtml+xml",
  "application/xml",
  "image/svg+xml",
  "text/css",
  "text/csv",
  "text/html",
  "text/javascript",
  "text/markdown",
  "text/plain",
  "text/xml",
];

/** `type/subtype` (RFC 9110 §8.3.1), in lower case. */
const MEDIA_TYPE = /^[a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+-]+$/;

export function readRouteAnnotations(annotations: Readonly<Record<string, string>>): ReadAnnotations<RouteAnnotations> {
  // Most objects have none, and this is asked for each route.
  if (!ROUTE_ANNOTATIONS.some((name) => Object.hasOwn(annotations, name))) return NOTHING;
  const reader = new AnnotationReader(annotations);
  const logShare = reader.read(LOG_SHARE, "a part of a hundred from 0 to 100, such as 5 or 0.5", parsePercent);
  const value = { compression: readCompression(reader), logShare };
  return { value, problems: reader.problems };
}

function parsePercent(text: string): number | undefined {
  const percent = /^\d{1,3}(\.\d{1,4})?$/.test(text) ? Number(text) : NaN;
  return percent <= 100 ? percent / 100 : undefined;
}

function readCompression(reader: AnnotationReader): CompressionAnnotations | undefined {
  const encodings = reader.read(COMPRESSION, `"on", "off" or some of ${ENCODINGS.join(", ")}`, parseEncodings);
  const types = reader.list(COMPRESSION_TYPES, "media types such as text/html", (type) => MEDIA_TYPE.test(type));
  if (types !== undefined && reader.text(COMPRESSION) === undefined)
    reader.complain(COMPRESSION_TYPES, `has no effect without ${COMPRESSION}`, `add ${COMPRESSION}: "on"`);
  if (encodings === undefined || encodings.length === 0) return undefined;
  return { encodings, types: types === undefined ? TYPES : [...new Set(types)].toSorted() };
}

function parseEncodings(text: string): readonly ContentEncoding[] | undefined {
  if (text === "on") return ENCODINGS;
  if (text === "off") return [];
  const named = text.split(",").map((word) => ENCODINGS.find((encoding) => encoding === word.trim()));
  const known = named.filter((encoding) => encoding !== undefined);
  return known.length === named.length && new Set(known).size === known.length ? known : undefined;
}
