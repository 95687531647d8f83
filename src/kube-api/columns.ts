import { hostPort } from "#lib/host-port.ts";
import type { Endpoints } from "#resources/endpoints.ts";
import type { EndpointSlice } from "#resources/endpoint-slice.ts";
import type { Kind } from "#resources/ref.ts";
import type { Resource } from "#resources/resource.ts";
import type { Service } from "#resources/service.ts";
import { type ServedObject } from "./served-object.ts";
import { problemLines, statusWord } from "./wire-object.ts";

/** metav1.TableColumnDefinition. Priority 0 is always shown, 1 with `-o wide`. */
export interface Column {
  readonly name: string;
  readonly type: "string" | "integer";
  readonly format: "" | "name";
  readonly description: string;
  readonly priority: 0 | 1;
}

/** A column and what stands in it for one object; undefined where nothing of the object takes effect. */
export interface FilledColumn extends Column {
  readonly cell: (served: ServedObject) => string | number;
}

const NAME: FilledColumn = {
  ...column("Name", "the object's name within its namespace"),
  format: "name",
  cell: ({ ref }) => ref.name,
};

/** What Binnacle says about an object: beside the usual columns, with `-o wide`. */
const BINNACLE: FilledColumn = {
  ...column("Binnacle", "what Binnacle says about the object: Valid, or the first of its problems"),
  priority: 1,
  cell: (served) => {
    const [first] = served.problems;
    const more = served.problems.length - 1;
    return first === undefined ? statusWord(served) : `${first.reason}${more > 0 ? ` +${more}` : ""}`;
  },
};

/** For kinds that Kubernetes itself does not know: what is said about it. */
const STATUS: readonly FilledColumn[] = [
  { ...column("Status", "Valid, Warning or Error"), cell: statusWord },
  {
    ...column("Status Description", "the first of its problems"),
    cell: (served) => problemLines(served)[0] ?? "valid",
  },
];

/** The columns of a kind between its name and its age, as kubectl shows them (kubernetes/pkg/printers/internalversion). */
const OF_KIND: { readonly [K in Kind]?: readonly FilledColumn[] } = {
  Namespace: [filled("Status", () => "Active", "Namespace")],
  Service: [
    filled("Type", ({ spec }) => spec.type, "Service"),
    filled("Cluster-IP", ({ spec }) => spec.clusterIP ?? "<none>", "Service"),
    filled("External-IP", externalIp, "Service"),
    filled("Port(s)", servicePorts, "Service"),
  ],
  Endpoints: [filled("Endpoints", endpoints, "Endpoints")],
  EndpointSlice: [
    filled("AddressType", ({ addressType }) => addressType, "EndpointSlice"),
    filled(
      "Ports",
      ({ ports }) =>
        shortened(
          ports.map(({ port }) => String(port ?? "*")),
          "<unset>",
        ),
      "EndpointSlice",
    ),
    filled("Endpoints", sliceAddresses, "EndpointSlice"),
  ],
  Secret: [
    filled("Type", ({ type }) => type, "Secret"),
    { ...filled("Data", ({ data }) => Object.keys(data).length, "Secret"), type: "integer" },
  ],
  IngressClass: [
    filled("Controller", ({ spec }) => spec.controller, "IngressClass"),
    filled(
      "Parameters",
      ({ spec: { parameters } }) => (parameters === undefined ? "<none>" : `${parameters.kind}/${parameters.name}`),
      "IngressClass",
    ),
  ],
  Ingress: [
    filled("Class", ({ spec }) => spec.ingressClassName ?? "<none>", "Ingress"),
    filled(
      "Hosts",
      ({ spec }) =>
        shortened(
          spec.rules.map(({ host }) => host || "*"),
          "*",
        ),
      "Ingress",
    ),
    {
      ...column("Address", "where its traffic is taken in"),
      cell: ({ addresses }) => addresses.map(({ ip }) => ip).join(","),
    },
    filled("Ports", ({ spec }) => (spec.tls.length > 0 ? "80, 443" : "80"), "Ingress"),
  ],
  // As Contour's definition prints them.
  HTTPProxy: [
    filled("FQDN", ({ spec }) => spec.virtualhost?.fqdn ?? "", "HTTPProxy"),
    filled("TLS Secret", ({ spec }) => spec.virtualhost?.tls?.secretName ?? "", "HTTPProxy"),
    ...STATUS,
  ],
  IngressRoute: [
    filled("FQDN", ({ spec }) => spec.virtualhost?.fqdn ?? "", "IngressRoute"),
    filled("TLS Secret", ({ spec }) => spec.virtualhost?.tls?.secretName ?? "", "IngressRoute"),
    ...STATUS,
  ],
};

const AFTER_AGE: { readonly [K in Kind]?: readonly FilledColumn[] } = {
  Service: [{ ...filled("Selector", ({ spec }) => selector(spec.selector), "Service"), priority: 1 }],
};

/** All columns of a kind. `age` writes how old an object is. */
export function columnsOf(kind: Kind, age: (served: ServedObject) => string): readonly FilledColumn[] {
  const aged: FilledColumn = { ...column("Age", "how long ago it was made, or first seen here"), cell: age };
  return [NAME, ...(OF_KIND[kind] ?? STATUS), aged, ...(AFTER_AGE[kind] ?? []), BINNACLE];
}

function column(name: string, description: string): Column {
  return { name, type: "string", format: "", description, priority: 0 };
}

function filled<K extends Kind>(
  name: string,
  cell: (object: Extract<Resource, { readonly kind: K }>) => string | number,
  kind: K,
): FilledColumn {
  return {
    ...column(name, `${name} of the ${kind}`),
    cell: ({ object }) =>
      object?.kind === kind ? cell(object as Extract<Resource, { readonly kind: K }>) : "<unknown>",
  };
}

function externalIp({ spec }: Service): string {
  if (spec.type === "ExternalName") return spec.externalName ?? "<none>";
  const { externalIPs = [] } = spec;
  if (externalIPs.length > 0) return externalIPs.join(",");
  return spec.type === "LoadBalancer" ? "<pending>" : "<none>";
}

function servicePorts({ spec }: Service): string {
  const words = spec.ports.map(
    ({ port, nodePort = 0, protocol }) => `${port}${nodePort === 0 ? "" : `:${nodePort}`}/${protocol}`,
  );
  return words.length === 0 ? "<none>" : words.join(",");
}

function endpoints({ subsets }: Endpoints): string {
  const words = subsets.flatMap(({ addresses, ports }) =>
    ports.length === 0
      ? addresses.map(({ ip }) => ip)
      : ports.flatMap(({ port }) => addresses.map(({ ip }) => hostPort(ip, port))),
  );
  return shortened(words, "<none>");
}

function sliceAddresses(slice: EndpointSlice): string {
  return shortened(
    slice.endpoints.flatMap(({ addresses }) => addresses),
    "<unset>",
  );
}

function selector(labels: Readonly<Record<string, string>>): string {
  const words = Object.keys(labels)
    .sort()
    .map((name) => `${name}=${labels[name] ?? ""}`);
  return words.length === 0 ? "<none>" : words.join(",");
}

/** The first three, as kubectl shortens long lists. */
function shortened(values: readonly string[], none: string): string {
  if (values.length === 0) return none;
  const more = values.length > 3 ? ` + ${values.length - 3} more...` : "";
  return `${values.slice(0, 3).join(",")}${more}`;
}
