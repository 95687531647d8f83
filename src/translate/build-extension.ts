import type { ObjectRef } from "#resources/ref.ts";
import { readExtension } from "./extension.ts";
import { extensionDifferences } from "./extension-differences.ts";
import type { UnitBuilder } from "./unit.ts";

/** Builds `extension:NS/NAME`: what is to be said of an ExtensionService, whoever has it asked, or nobody. */
export const buildExtension: UnitBuilder = (key, read) => {
  const [namespace = "", name = ""] = key.split("/");
  const object = read.get("ExtensionService", namespace, name)?.object;
  if (object === undefined) return undefined;
  const ref: ObjectRef = { kind: "ExtensionService", namespace, name };
  const problems = [...readExtension(object, read, EFFECT).problems, ...extensionDifferences(object, read)];
  const verdicts = problems.map((problem) => ({ ref, ...problem }));
  return { items: [], verdicts, needs: [], facts: [] };
};

/** As Contour has it, where such a host is not valid: failOpen is for a service that is there and does not answer. */
const EFFECT = "so it cannot be asked, and hosts that it is to authorise answer 503, also with failOpen";
