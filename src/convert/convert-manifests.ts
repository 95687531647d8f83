import type { Problem } from "#lib/problem.ts";
import { isMap } from "#lib/schema-rules.ts";
import { convertAnnotations, convertSpec, isBelow } from "#resources/ingressroute-as-httpproxy.ts";
import type { IngressRoute } from "#resources/ingressroute.ts";
import { formatRef } from "#resources/ref.ts";
import { refOf } from "#resources/resource.ts";
import { validate } from "#resources/validate.ts";
import type { ManifestText } from "#sources/manifest-texts.ts";
import { Delegations } from "./delegations.ts";
import { type FoundDocument, type FoundObject, readDocuments } from "./read-documents.ts";

/** A document of the result. */
export interface ConvertedDocument {
  readonly value: unknown;
  /** Where nothing of it was converted: as it was written. */
  readonly text?: string;
  readonly isList: boolean;
}

export interface ConvertedManifests {
  /** In the order in which they were read. Of no use where one of the problems is an error. */
  readonly documents: readonly ConvertedDocument[];
  readonly problems: readonly Problem[];
  /** How many objects became others. */
  readonly converted: number;
}

const BEFORE = "contour.heptio.com/v1beta1";
const TODAY = "projectcontour.io/v1";

/**
 * IngressRoutes and TLSCertificateDelegations of {@link BEFORE} as HTTPProxies and TLSCertificateDelegations of {@link TODAY};
 * everything else as it is. IngressRoutes that delegate to each other belong into one call: their paths are told by who
 * delegates to them.
 */
export function convertManifests(manifests: readonly ManifestText[]): ConvertedManifests {
  const read = readDocuments(manifests);
  const problems = [...read.problems];
  const routes = new Map<FoundObject, IngressRoute>();
  for (const object of read.documents.flatMap(({ objects }) => objects)) {
    const route = readIngressRoute(object, problems);
    if (route !== undefined) routes.set(object, route);
  }
  const delegations = new Delegations([...routes.values()]);
  const replaced = new Map<FoundObject, unknown>();
  for (const document of read.documents)
    for (const object of document.objects) {
      const route = routes.get(object);
      const value =
        route === undefined ? convertDelegation(object) : convertRoute(object, route, delegations, problems);
      if (value !== undefined) replaced.set(object, value);
    }
  return {
    documents: read.documents.map((document) => convertDocument(document, replaced)),
    problems,
    converted: replaced.size,
  };
}

function convertDocument(
  { text, value, isList, objects }: FoundDocument,
  replaced: ReadonlyMap<FoundObject, unknown>,
): ConvertedDocument {
  if (!objects.some((object) => replaced.has(object)))
    return { value, isList, ...(text === undefined ? {} : { text }) };
  const values = objects.map((object) => replaced.get(object) ?? object.value);
  // A list of one kind would say the old one of all its items.
  return isList ? { value: { apiVersion: "v1", kind: "List", items: values }, isList } : { value: values[0], isList };
}

/** Undefined: it is none, or is told not to be one that can be used. */
function readIngressRoute(object: FoundObject, problems: Problem[]): IngressRoute | undefined {
  if (object.value["kind"] !== "IngressRoute") return undefined;
  const checked = validate(object.value, { unknownFields: "warn" });
  switch (checked.type) {
    case "accepted":
      problems.push(...checked.warnings.map((warning) => object.locate(warning)));
      return checked.object.kind === "IngressRoute" ? checked.object : undefined;
    case "refused":
      problems.push(...checked.problems.map((problem) => object.locate(problem)));
      return undefined;
    case "skipped":
      // Of another group: not Contour's.
      return undefined;
  }
}

function convertRoute(
  object: FoundObject,
  route: IngressRoute,
  delegations: Delegations,
  problems: Problem[],
): unknown {
  const say = (severity: Problem["severity"], path: string, message: string, fix?: string): void => {
    problems.push(object.locate({ severity, path, message, ...(fix === undefined ? {} : { fix }) }));
  };
  const { metadata, spec } = route;
  const own = formatRef(refOf(route));
  const [delegated = "", ...others] = delegations.prefixesOf(route);
  if (others.length > 0) {
    const froms = [delegated, ...others].map((prefix) => `${prefix} by ${delegations.sourcesOf(route, prefix)}`);
    const message = `${own} is delegated ${froms.join(" and ")}: an HTTPProxy's paths follow those of its include, so it cannot be for both`;
    say("error", "spec", message, "delegate to a copy of it from one of them");
  }
  const isPart = spec.virtualhost === undefined && spec.tcpproxy === undefined;
  if (isPart && delegated === "") {
    const message = `no IngressRoute here delegates to ${own}, so its paths stay whole; those of an HTTPProxy follow that of its include`;
    say("warning", "spec", message, "convert it together with the IngressRoute that delegates to it");
  }
  for (const [index, { match }] of spec.routes.entries()) {
    if (isBelow(match, delegated)) continue;
    const message = `the path prefix ${match} does not match the parent's path prefix ${delegated}`;
    say("error", `spec.routes[${index}].match`, message, `begin it with ${delegated}, or remove the route`);
  }
  const converted = convertSpec(spec, delegated);
  for (const { path, message } of converted.notes) say("warning", path, message);
  const written = object.value["metadata"];
  return {
    apiVersion: TODAY,
    kind: "HTTPProxy",
    metadata: convertMetadata(isMap(written) ? written : metadata),
    spec: converted.value,
  };
}

/** They say the same; undefined for every other object. */
function convertDelegation({ value }: FoundObject): unknown {
  const { apiVersion, kind, metadata, status: _status, ...rest } = value;
  if (apiVersion !== BEFORE || kind !== "TLSCertificateDelegation") return undefined;
  return { apiVersion: TODAY, kind, metadata: isMap(metadata) ? convertMetadata(metadata) : metadata, ...rest };
}

/** What an API server wrote about the old object, and what kubectl did. */
const OF_THE_OLD_OBJECT: ReadonlySet<string> = new Set([
  "uid",
  "resourceVersion",
  "generation",
  "selfLink",
  "managedFields",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
]);
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/** The time of creation stays: it says who had a host first. */
function convertMetadata(metadata: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const kept = Object.entries(metadata).filter(([name]) => !OF_THE_OLD_OBJECT.has(name) && name !== "annotations");
  const annotations = isMap(metadata["annotations"]) ? (metadata["annotations"] as Record<string, string>) : {};
  const { [LAST_APPLIED]: _lastApplied, ...converted } = convertAnnotations(annotations);
  return {
    ...Object.fromEntries(kept),
    ...(Object.keys(converted).length === 0 ? {} : { annotations: converted }),
  };
}
