import type { HttpProxy } from "#resources/httpproxy.ts";
import type { IngressRoute } from "#resources/ingressroute.ts";
import { type ObjectRef, refKey } from "#resources/ref.ts";
import type { StoredObject } from "#store/object-state.ts";
import { isOurs } from "../ingress-class.ts";
import type { TranslateSettings } from "../settings.ts";
import type { Fact, Reader, UnitBuilder } from "../unit.ts";
import { classed } from "./ingressroute-tree.ts";

/** What the host of a tree of proxies lets their parts know: that they are reached. */
export function reachedFact(ref: ObjectRef, host: string): Fact {
  return { topic: reachedTopic(ref), value: host };
}

function reachedTopic(ref: ObjectRef): string {
  return `proxy-reached ${refKey(ref)}`;
}

const NOT_INCLUDED = {
  message: "no HTTPProxy with a host includes this one, so it has no effect",
  fix: "include it from a proxy with a virtualhost, or give it one",
};

/** Contour's own words first. */
const NOT_DELEGATED = {
  message: "this IngressRoute is not part of a delegation chain from a root IngressRoute, so it has no effect",
  fix: "delegate to it from one with a virtualhost, or give it one",
};

/**
 * Builds `part:NS/NAME`, or `part:NS/NAME/IngressRoute`: an HTTPProxy or IngressRoute without a host of its own, which has no
 * effect unless some root leads to it.
 */
export function partBuilder(settings: TranslateSettings): UnitBuilder {
  return (key, read) => {
    const part = readPart(key, read);
    if (part === undefined || part.object.spec.virtualhost !== undefined) return undefined;
    const nothing = { items: [], needs: [], facts: [] };
    if (!isOurs(classed(part.object), settings, read) || read.facts(reachedTopic(part.ref)).length > 0)
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
          ...(part.ref.kind === "HTTPProxy" ? NOT_INCLUDED : NOT_DELEGATED),
        },
      ],
    };
  };
}

function readPart(key: string, read: Reader): StoredObject<HttpProxy | IngressRoute> | undefined {
  const [namespace = "", name = "", kind] = key.split("/");
  return kind === undefined ? read.get("HTTPProxy", namespace, name) : read.get("IngressRoute", namespace, name);
}
