import { isIP } from "node:net";
import { z } from "zod";
import { describeValue } from "#lib/describe-value.ts";
import { type Report, rule, text } from "#lib/schema-rules.ts";
import { checkDnsSubdomain } from "#resources/names.ts";
import { count, name, path, settingKinds } from "./setting.ts";

/** Where clients reach the data plane, as the status of an Ingress may say it. */
const loadBalancerAddress = text((value) => {
  if (isIP(value) !== 0 || checkDnsSubdomain(value) === undefined) return undefined;
  return { message: `found ${describeValue(value)}, expected an IP address or a DNS name` };
});
settingKinds.add(loadBalancerAddress, { takes: "IP address or DNS name" });

/** `sources`: where objects come from. */
export function sources(fromHere: (path: string) => string) {
  const cluster = z.strictObject({
    kubeconfig: path(fromHere)
      .exactOptional()
      .describe("Kubeconfig file of the cluster; it and the files it names are read again when they change."),
    context: text(() => undefined)
      .exactOptional()
      .describe("The context in it, instead of its own current one."),
    inCluster: z
      .boolean()
      .default(false)
      .describe("Uses the ServiceAccount of the Pod that the control plane runs in, instead of a kubeconfig."),
    namespace: name()
      .exactOptional()
      .describe(
        "The control planes' own namespace, with the Lease that says who leads; the Pod's with `inCluster`, else `binnacle-system`.",
      ),
    addresses: z
      .array(loadBalancerAddress)
      .exactOptional()
      .describe(
        "Where clients reach the data plane, for the status of Ingresses: set it where several share a name or address. Unless given, this machine's own, as far as HTTP and HTTPS listen there.",
      ),
    writesPerSecond: count(1)
      .default(300)
      .describe("The most objects that are written in a second: the status of Ingresses, and what was discovered."),
  });
  return z
    .strictObject({
      directory: path(fromHere)
        .exactOptional()
        .describe(
          "The folder of manifests, read with its sub-folders and watched; `manifests` unless `cluster` is set.",
        ),
      unknownFields: z
        .enum(["error", "warn"])
        .default("error")
        .describe(
          "Whether a field in a manifest that Kubernetes does not know refuses its object or is left out with a warning.",
        ),
      cluster: cluster
        .check(rule(checkWayIn))
        .exactOptional()
        .describe("A Kubernetes cluster whose API holds the objects, instead of a directory."),
    })
    .check(rule(checkOneHome))
    .transform(({ directory = fromHere("manifests"), ...rest }) => ({ directory, ...rest }))
    .prefault({});
}

function checkWayIn(
  { kubeconfig, context, inCluster }: Readonly<Partial<Record<"kubeconfig" | "context" | "inCluster", unknown>>>,
  report: Report,
): void {
  if (kubeconfig === undefined && inCluster !== true) {
    report([], "there is no way to reach the cluster", "set kubeconfig, or inCluster: true in a Pod");
  } else if (kubeconfig !== undefined && inCluster === true) {
    report(["inCluster"], "kubeconfig says how to reach the cluster", "remove one of the two");
  }
  if (kubeconfig === undefined && context !== undefined) {
    report(["context"], "there is no kubeconfig that it could stand in", "remove it, or set kubeconfig");
  }
}

function checkOneHome(
  { directory, cluster }: Readonly<Partial<Record<"directory" | "cluster", unknown>>>,
  report: Report,
): void {
  if (directory !== undefined && cluster !== undefined) {
    report(["directory"], "the objects have one home, and cluster is set", "remove one of the two");
  }
}
