import { z } from "zod";
import { quote } from "#lib/describe-value.ts";
import { type Complaint, type Report, rule, text } from "#lib/schema-rules.ts";
import { checkDnsLabel, checkLabelValue, checkQualifiedName } from "./names.ts";
import { textOrEmpty } from "./fields.ts";

/**
 * Metadata of a kind whose names follow `checkName`. In the result `namespace` is empty where the document names none; what a
 * server sets and nothing here reads (managedFields, finalizers …) is accepted and left out.
 */
export function objectMeta(checkName: (text: string) => Complaint | undefined) {
  return z
    .strictObject({
      name: text(checkName),
      namespace: textOrEmpty(checkDnsLabel),
      labels: z.record(text(checkQualifiedName), text(checkLabelValue)).default({}),
      annotations: z
        .record(
          text((key) => checkQualifiedName(key.toLowerCase())),
          z.string(),
        )
        .default({}),
      creationTimestamp: text(checkTimestamp).exactOptional(),
      uid: z.string().exactOptional(),
      resourceVersion: z.string().exactOptional(),
      generation: z.int().exactOptional(),
      generateName: z.string().exactOptional(),
      selfLink: z.string().exactOptional(),
      deletionTimestamp: z.string().exactOptional(),
      deletionGracePeriodSeconds: z.int().exactOptional(),
      finalizers: z.array(z.string()).exactOptional(),
      ownerReferences: z.array(z.unknown()).exactOptional(),
      managedFields: z.array(z.unknown()).exactOptional(),
    })
    .check(rule(checkTogether))
    .transform(({ name, namespace, labels, annotations, creationTimestamp, uid, resourceVersion, generation }) => ({
      name,
      namespace,
      labels: orNone(labels),
      annotations: orNone(annotations),
      ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(generation === undefined ? {} : { generation }),
    }));
}

const NONE: Readonly<Record<string, never>> = Object.freeze({});

/** Most objects have none of these: one empty map for all of them saves megabytes at 10,000 hosts. */
function orNone(map: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.keys(map).length === 0 ? NONE : map;
}

/** The API server's bound for all annotations of an object together, in bytes. */
const ANNOTATIONS_LIMIT = 256 * 1024;

function checkTogether(
  { annotations, name, generateName }: Partial<Readonly<Record<"annotations" | "name" | "generateName", unknown>>>,
  report: Report,
): void {
  if (name === undefined && generateName !== undefined) {
    report(["generateName"], "names are not generated here", "give the object a name");
  }
  if (typeof annotations !== "object" || annotations === null) return;
  const size = Object.entries(annotations).reduce((sum, [key, value]) => sum + key.length + String(value).length, 0);
  if (size > ANNOTATIONS_LIMIT) {
    report(
      ["annotations"],
      `found ${size} bytes, expected at most ${ANNOTATIONS_LIMIT}`,
      "move large values elsewhere",
    );
  }
}

const TIMESTAMP = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

function checkTimestamp(text: string): Complaint | undefined {
  if (TIMESTAMP.test(text) && !Number.isNaN(Date.parse(text))) return undefined;
  return { message: `found ${quote(text)}, expected a time such as 2026-01-31T12:00:00Z` };
}
