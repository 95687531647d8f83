import type { ObjectRef } from "#resources/ref.ts";
import { readExtension } from "./extension.ts";
import type { UnitBuilder } from "./unit.ts";

/** Builds `extension:NS/NAME`: what is to be said of an ExtensionService, whoever has it asked, or nobody. */
export const buildExtension: UnitBuilder = (key, read) => {
  const [namespace = "", name = ""] = key.split("/");
  const object = read.get("ExtensionService", namespace, name)?.object;
  if (object === undefined) return undefined;
  const ref: ObjectRef = { kind: "ExtensionService", namespace, name };
  const verdicts = readExtension(object, read).problems.map((problem) => ({ ref, ...problem }));
  return { items: [], verdicts, needs: [], facts: [] };
};
