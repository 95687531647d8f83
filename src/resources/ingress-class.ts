import { z } from "zod";
import { quote } from "#lib/describe-value.ts";
import type { Immutable } from "#lib/immutable.ts";
import { type Complaint, type Report, rule, text } from "#lib/schema-rules.ts";
import { objectMeta } from "./metadata.ts";
import { checkDnsSubdomain, isDnsSubdomain } from "./names.ts";

const parameters = z
  .strictObject({
    apiGroup: text(checkDnsSubdomain).exactOptional(),
    kind: z.string().min(1),
    name: z.string().min(1),
    scope: z.enum(["Cluster", "Namespace"]).default("Cluster"),
    namespace: z.string().exactOptional(),
  })
  .check(rule(checkScope));

/** IngressClass networking.k8s.io/v1. */
export const ingressClassSchema = z.strictObject({
  apiVersion: z.literal("networking.k8s.io/v1"),
  kind: z.literal("IngressClass"),
  metadata: objectMeta(checkDnsSubdomain),
  spec: z.strictObject({ controller: text(checkController), parameters: parameters.exactOptional() }),
});

export type IngressClass = Immutable<z.output<typeof ingressClassSchema>>;

/** `dns.name/path`, at most 250 characters. */
function checkController(controller: string): Complaint | undefined {
  const slash = controller.indexOf("/");
  const path = controller.slice(slash + 1);
  if (slash > 0 && isDnsSubdomain(controller.slice(0, slash)) && /^[-A-Za-z0-9/._~%!$&'()*+,;=:]+$/.test(path)) {
    if (controller.length <= 250) return undefined;
    return { message: `found ${controller.length} characters, expected at most 250`, fix: "shorten it" };
  }
  return {
    message: `found ${quote(controller)}, expected a name with a domain such as binnacle.dev/ingress-controller`,
  };
}

function checkScope(
  { scope, namespace = "" }: { readonly scope?: unknown; readonly namespace?: unknown },
  report: Report,
): void {
  if (scope === "Namespace" && namespace === "") report(["namespace"], "missing with scope Namespace", "add it");
  if (scope === "Cluster" && namespace !== "")
    report(["namespace"], "not allowed with scope Cluster", "remove it or use scope Namespace");
}
