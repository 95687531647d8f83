import { isOurs } from "../ingress-class.ts";
import type { TranslateSettings } from "../settings.ts";
import type { Fact, UnitBuilder } from "../unit.ts";
import type { ObjectRef } from "#resources/ref.ts";

/** What the host of a tree of proxies lets their parts know: that they are reached. */
export function reachedFact({ namespace, name }: ObjectRef, host: string): Fact {
  return { topic: reachedTopic(namespace, name), value: host };
}

function reachedTopic(namespace: string, name: string): string {
  return `proxy-reached ${namespace}/${name}`;
}

/** Builds `part:NS/NAME`: an HTTPProxy without a host of its own, which has no effect unless some root leads to it. */
export function partBuilder(settings: TranslateSettings): UnitBuilder {
  return (key, read) => {
    const [namespace = "", name = ""] = key.split("/");
    const part = read.get("HTTPProxy", namespace, name);
    if (part === undefined || part.object.spec.virtualhost !== undefined) return undefined;
    const nothing = { items: [], needs: [], facts: [] };
    if (!isOurs(part.object, settings, read) || read.facts(reachedTopic(namespace, name)).length > 0)
      return { ...nothing, verdicts: [] };
    return {
      ...nothing,
      verdicts: [
        {
          ref: part.ref,
          severity: "error",
          type: "Orphaned",
          reason: "Orphaned",
          path: "",
          message: "no HTTPProxy with a host includes this one, so it has no effect",
          fix: "include it from a proxy with a virtualhost, or give it one",
        },
      ],
    };
  };
}
