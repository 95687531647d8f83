import { z } from "zod";
import { describeValue } from "#lib/describe-value.ts";
import { maps, type Report, reportDuplicates, rule, text } from "#lib/schema-rules.ts";
import { checkDnsLabel } from "#resources/names.ts";
import { path, settingKinds } from "./setting.ts";

/** Gimbal's rule; `local` is the home itself. */
const backendName = text((value) => {
  if (value === "local") return { message: "local is the home itself", fix: "use another name" };
  if (value.length <= 63 && /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(value)) return undefined;
  return {
    message: `found ${describeValue(value)}, expected letters a-z, digits and '-', a letter first and no '-' at the end`,
  };
});
settingKinds.add(backendName, { takes: "name" });

const namespaceMap = z.record(text(checkDnsLabel), text(checkDnsLabel));
settingKinds.add(namespaceMap, { takes: "map of namespaces" });

/** `backends`: the platforms on which upstreams are found. */
export function backends(fromHere: (path: string) => string) {
  const backend = z.strictObject({
    name: backendName.describe("What names of its Services here begin with; routes are written with it."),
    kubernetes: z
      .strictObject({
        kubeconfig: path(fromHere).describe("The kubeconfig file; new credentials in it are taken without a restart."),
        context: z.string().min(1).exactOptional().describe("The context in it; its current one unless given."),
      })
      .describe("A Kubernetes cluster, whose Services and their endpoints are found."),
    namespaces: z
      .strictObject({
        allow: z
          .array(text(checkDnsLabel))
          .default([])
          .describe("The namespaces there that are followed; all of them when empty."),
        deny: z.array(text(checkDnsLabel)).default([]).describe("Namespaces there that are not followed."),
        map: namespaceMap
          .default({})
          .describe("Namespaces there whose team has another namespace here; the same name unless given."),
      })
      .prefault({})
      .describe("Which namespaces are followed, and whose they are here."),
    labelSelector: z
      .string()
      .min(1)
      .exactOptional()
      .describe("Which Services are followed, as kubectl takes it: `expose=yes,tier!=test`."),
    labels: z.array(z.string()).default([]).describe("Labels that are taken over besides the usual ones."),
    annotations: z.array(z.string()).default([]).describe("Annotations that are taken over besides the usual ones."),
  });
  return z.array(backend).check(rule(checkNames)).default([]);
}

function checkNames(entries: readonly unknown[], report: Report): void {
  reportDuplicates(
    maps(entries),
    ({ name }) => (typeof name === "string" ? `name ${name}` : undefined),
    (index, message) => report([index, "name"], message, "give each backend its own name"),
  );
}
