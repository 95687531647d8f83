import type { Kind } from "#resources/ref.ts";
import { KubeFailure } from "./kube-status.ts";
import type { ServedObject } from "./served-object.ts";

type Field = (served: ServedObject) => string;

const METADATA: Readonly<Record<string, Field>> = {
  "metadata.name": ({ ref }) => ref.name,
  "metadata.namespace": ({ ref }) => ref.namespace,
};

/** Fields by which Kubernetes' own API lets these kinds be selected. */
const OF_KIND: { readonly [K in Kind]?: Readonly<Record<string, Field>> } = {
  Service: {
    "spec.clusterIP": ({ object }) => (object?.kind === "Service" ? (object.spec.clusterIP ?? "") : ""),
    "spec.type": ({ object }) => (object?.kind === "Service" ? object.spec.type : ""),
  },
  Secret: { type: ({ object }) => (object?.kind === "Secret" ? object.type : "") },
  Namespace: { "status.phase": () => "Active" },
};

/** `fieldSelector` of a request: `metadata.name=shop,metadata.namespace!=team`. Throws BadRequest for anything else. */
export function fieldSelector(text: string, kind: Kind): (served: ServedObject) => boolean {
  const parts = text.split(",").filter((part) => part.trim() !== "");
  const requirements = parts.map((part) => {
    const [, name = "", operator, value = ""] = /^\s*([^=!]+?)\s*(==|=|!=)\s*(.*?)\s*$/.exec(part) ?? [];
    if (operator === undefined) {
      throw new KubeFailure(
        "BadRequest",
        `invalid field selector ${JSON.stringify(text)}; write FIELD=VALUE or FIELD!=VALUE`,
      );
    }
    const fields = { ...METADATA, ...OF_KIND[kind] };
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (field === undefined) {
      const known = Object.keys(fields).join(", ");
      throw new KubeFailure(
        "BadRequest",
        `field label not supported: ${JSON.stringify(name)}; of ${kind} there are ${known}`,
      );
    }
    return (served: ServedObject): boolean => (field(served) === value) === (operator !== "!=");
  });
  return (served) => requirements.every((holds) => holds(served));
}
