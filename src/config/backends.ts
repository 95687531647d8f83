import { z } from "zod";
import { describeValue } from "#lib/describe-value.ts";
import { isMap, maps, type Report, reportDuplicates, rule, text } from "#lib/schema-rules.ts";
import { checkDnsLabel } from "#resources/names.ts";
import { gateway } from "./gateway.ts";
import { digitaloceanPlatform } from "./platforms/digitalocean.ts";
import { dnsPlatform } from "./platforms/dns.ts";
import { ec2Platform } from "./platforms/ec2.ts";
import { kubernetesPlatform } from "./platforms/kubernetes.ts";
import { openstackPlatform } from "./platforms/openstack.ts";
import { rackspacePlatform } from "./platforms/rackspace.ts";
import { staticPlatform } from "./platforms/static.ts";
import { settingKinds } from "./setting.ts";

/** Gimbal's rule; `local` is the home itself. */
const backendName = text((value) => {
  if (value === "local") return { message: "local is the home itself", fix: "use another name" };
  if (value.length <= 63 && /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(value)) return undefined;
  return {
    message: `found ${describeValue(value)}, expected letters a-z, digits and '-', a letter first and no '-' at the end`,
  };
});
settingKinds.add(backendName, { takes: "name" });

/** A namespace there; of OpenStack also a project by its id, which is such a label, or by its domain and name. */
const namespaceThere = () => text((value) => (DOMAIN_AND_PROJECT.test(value) ? undefined : checkDnsLabel(value)));
const DOMAIN_AND_PROJECT = /^[^/]+\/.+$/;
const namespaceMap = z.record(namespaceThere(), text(checkDnsLabel));
settingKinds.add(namespaceMap, { takes: "map of namespaces" });

/** `backends`: the platforms on which upstreams are found. */
export function backends(fromHere: (path: string) => string) {
  const platforms = {
    kubernetes: kubernetesPlatform(fromHere)
      .exactOptional()
      .describe("A Kubernetes cluster, whose Services and their endpoints are found."),
    openstack: openstackPlatform(fromHere)
      .exactOptional()
      .describe("An OpenStack cloud, whose load balancers and servers are found; its projects are its namespaces."),
    ec2: ec2Platform(fromHere)
      .exactOptional()
      .describe(
        "Amazon's EC2 or a cloud that speaks its API, whose tagged instances are found; teams are its namespaces.",
      ),
    digitalocean: digitaloceanPlatform(fromHere)
      .exactOptional()
      .describe(
        "DigitalOcean, whose tagged Droplets are found; teams are its namespaces. Not tried with the real API.",
      ),
    rackspace: rackspacePlatform(fromHere)
      .exactOptional()
      .describe(
        "Rackspace's Cloud Servers, which are found by their metadata; teams are its namespaces. Not tried with the real API.",
      ),
    dns: dnsPlatform
      .exactOptional()
      .describe("Services whose endpoints DNS tells: names are asked for again as their time to live says."),
    static: staticPlatform.exactOptional().describe("Services whose addresses are written here."),
  };
  const backend = z
    .strictObject({
      name: backendName.describe("What names of its Services here begin with; routes are written with it."),
      ...platforms,
      gateway: gateway(fromHere)
        .exactOptional()
        .describe(
          "What connections to its endpoints go through, where this machine cannot open them itself; its API is reached directly.",
        ),
      namespaces: z
        .strictObject({
          allow: z
            .array(namespaceThere())
            .default([])
            .describe("The namespaces there that are followed; all of them when empty."),
          deny: z.array(namespaceThere()).default([]).describe("Namespaces there that are not followed."),
          map: namespaceMap
            .default({})
            .describe("Namespaces there whose team has another namespace here; the same name unless given."),
        })
        .prefault({})
        .describe(
          "Which namespaces are followed, and whose they are here. Of `openstack` each may be written as a project's name, its id, or `domain/name`.",
        ),
      createNamespaces: z
        .boolean()
        .default(false)
        .describe(
          "With `sources.cluster`: whether namespaces of teams that are missing are made; otherwise they are reported.",
        ),
      labelSelector: z
        .string()
        .min(1)
        .exactOptional()
        .describe("Which Services are followed, as kubectl takes it: `expose=yes,tier!=test`."),
      labels: z.array(z.string()).default([]).describe("Labels that are taken over besides the usual ones."),
      annotations: z.array(z.string()).default([]).describe("Annotations that are taken over besides the usual ones."),
    })
    .check(rule((entry, report) => checkPlatform(entry, Object.keys(platforms), report)));
  return z.array(backend).check(rule(checkNames)).default([]);
}

interface LooseBackend {
  readonly [platform: string]: unknown;
  readonly namespaces?: unknown;
  readonly labelSelector?: unknown;
  readonly labels?: unknown;
  readonly annotations?: unknown;
}

function checkPlatform(backend: LooseBackend, platforms: readonly string[], report: Report): void {
  const [platform, ...others] = platforms.filter((name) => backend[name] !== undefined);
  if (platform === undefined)
    return report([], `names no platform, expected one of ${platforms.join(", ")}`, "add one of them");
  for (const other of others)
    report([other], `${platform} is this backend's platform`, "give each platform a backend of its own");
  for (const setting of NOT_OF[platform] ?? [])
    if (says(backend[setting])) report([setting], `says nothing on ${platform}`, "remove it");
  if (platform !== "openstack") checkNoDomains(backend.namespaces, report);
  return undefined;
}

function checkNoDomains(namespaces: unknown, report: Report): void {
  if (!isMap(namespaces)) return;
  for (const [field, value] of Object.entries(namespaces)) {
    const written = Array.isArray(value) ? value : isMap(value) ? Object.keys(value) : [];
    for (const name of written)
      if (typeof name === "string" && name.includes("/"))
        report(["namespaces", field], `${describeValue(name)} has a domain, which only projects of OpenStack have`);
  }
}

type Setting = "namespaces" | "labelSelector" | "labels" | "annotations";
const ALL: readonly Setting[] = ["namespaces", "labelSelector", "labels", "annotations"];

/** What chooses among what a platform has, and is not for all of them: services of DNS and static are written down one by one. */
const NOT_OF: Readonly<Record<string, readonly Setting[]>> = {
  openstack: ["labelSelector", "labels", "annotations"],
  ec2: ["labelSelector", "labels", "annotations"],
  digitalocean: ["labelSelector", "labels", "annotations"],
  rackspace: ["labelSelector", "labels", "annotations"],
  dns: ALL,
  static: ALL,
};

/** Whether a setting has been given more than its default. */
function says(value: unknown): boolean {
  if (isMap(value)) return Object.values(value).some(says);
  return Array.isArray(value) ? value.length > 0 : value !== undefined;
}

function checkNames(entries: readonly unknown[], report: Report): void {
  reportDuplicates(
    maps(entries),
    ({ name }) => (typeof name === "string" ? `name ${name}` : undefined),
    (index, message) => report([index, "name"], message, "give each backend its own name"),
  );
}
