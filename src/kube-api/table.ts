import type { Kind } from "#resources/ref.ts";
import { columnsOf, type FilledColumn } from "./columns.ts";
import { humanDuration } from "./human-duration.ts";
import type { ServedObject } from "./served-object.ts";
import { wireMetadata, wireObject } from "./wire-object.ts";

/** `includeObject` of a request: what of each object goes along with its row. */
export const INCLUDE_OBJECT = ["Metadata", "Object", "None"] as const;
export type IncludeObject = (typeof INCLUDE_OBJECT)[number];

export interface TableOptions {
  readonly kind: Kind;
  /** `v1` or `v1beta1` of meta.k8s.io. */
  readonly version: string;
  readonly includeObject: IncludeObject;
  /** Milliseconds since the epoch, for ages. */
  readonly now: number;
}

/** `meta.k8s.io Table`: what kubectl prints, row by row. `metadata` is the list's. */
export function kubeTable(objects: readonly ServedObject[], metadata: object, options: TableOptions): object {
  return { ...tableHead(metadata, options), rows: [...tableRows(objects, options)] };
}

/** A table without its rows. */
export function tableHead(metadata: object, { kind, version, now }: TableOptions): object {
  return {
    kind: "Table",
    apiVersion: `meta.k8s.io/${version}`,
    metadata,
    columnDefinitions: columnsFor(kind, now).map(({ cell: _cell, ...definition }) => definition),
  };
}

/** Its rows, each made when it is asked for. */
export function* tableRows(objects: Iterable<ServedObject>, options: TableOptions): Generator<object> {
  const { kind, version, includeObject, now } = options;
  const columns = columnsFor(kind, now);
  for (const served of objects) {
    yield { cells: columns.map(({ cell }) => cell(served)), ...rowObject(served, includeObject, version) };
  }
}

function columnsFor(kind: Kind, now: number): readonly FilledColumn[] {
  return columnsOf(kind, (served) => age(served, now));
}

function rowObject(served: ServedObject, include: IncludeObject, version: string): { readonly object?: object } {
  switch (include) {
    case "None":
      return {};
    case "Object":
      return { object: wireObject(served) };
    case "Metadata":
      return { object: partialMetadata(served, version) };
  }
}

/** `PartialObjectMetadata`: an object without its content. */
export function partialMetadata(served: ServedObject, version: string): object {
  return { kind: "PartialObjectMetadata", apiVersion: `meta.k8s.io/${version}`, metadata: wireMetadata(served) };
}

function age({ object }: ServedObject, now: number): string {
  const created = Date.parse(object?.metadata.creationTimestamp ?? "");
  return Number.isNaN(created) ? "<unknown>" : humanDuration(now - created);
}
