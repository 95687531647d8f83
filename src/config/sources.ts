import { z } from "zod";
import { type Report, rule, text } from "#lib/schema-rules.ts";
import { path } from "./setting.ts";

/** `sources`: where objects come from. */
export function sources(fromHere: (path: string) => string) {
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
      cluster: z
        .strictObject({
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
        })
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
