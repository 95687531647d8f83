import { BACKEND_LABEL } from "#resources/discovered.ts";
import type { ObjectRef } from "#resources/ref.ts";
import type { Service, ServicePort } from "#resources/service.ts";
import { clusterName, type UpstreamIdentity } from "./ir.ts";
import type { IrDirectResponse } from "./ir-route.ts";
import { type Reader, type UnitId, unitId } from "./unit.ts";
import type { Verdict } from "./verdict.ts";

/** Where a reference to a Service port leads: to a cluster, or to nothing, with what is wrong. */
export type ResolvedBackend =
  | { readonly upstream: UpstreamIdentity; readonly cluster: string; readonly unit: UnitId }
  | { readonly problem: Omit<Verdict, "ref" | "path"> };

/** The answer of a route whose backend is missing: a missing reference is never covered by an old form. */
export const NO_BACKEND: IrDirectResponse = { type: "respond", status: 503, body: "no upstream: backend not found\n" };

/**
 * Resolves a Service's port, by number or name, to the upstream that stands for it.
 *
 * @param effect what becomes of requests when there is none
 */
export function resolveServicePort(
  namespace: string,
  name: string,
  port: number | string,
  transport: UpstreamIdentity["transport"],
  read: Reader,
  effect = "so this path answers 503",
): ResolvedBackend {
  const service = read.get("Service", namespace, name)?.object;
  if (service === undefined) {
    return refused(
      "ServiceNotFound",
      `Service ${namespace}/${name} does not exist, ${effect}`,
      `create Service ${name} in namespace ${namespace}, or correct the name`,
    );
  }
  const number =
    findPort(service, port, transport)?.port ??
    (service.spec.type === "ExternalName" && typeof port === "number" ? port : undefined);
  if (number !== undefined) {
    const upstream = { backend: backendOf(service), namespace, service: name, port: number, transport };
    const cluster = clusterName(upstream);
    return { upstream, cluster, unit: unitId("upstream", cluster) };
  }
  const protocol = transport === "udp" ? "UDP " : "";
  return refused(
    "ServicePortNotFound",
    `Service ${namespace}/${name} has no ${protocol}port ${port} (it has ${listPorts(service)}), ${effect}`,
    `use one of the Service's ${transport === "udp" ? "UDP" : "TCP"} ports`,
  );
}

/** The backend that a Service was found on; `local` for the home's own. */
export function backendOf({ metadata }: Service): string {
  return metadata.labels[BACKEND_LABEL] || "local";
}

/** The port of a Service with this number or name, of those that speak the transport. */
export function findPort(
  service: Service,
  port: number | string,
  transport: UpstreamIdentity["transport"],
): ServicePort | undefined {
  return service.spec.ports.find(
    (candidate) =>
      candidate.protocol === (transport === "udp" ? "UDP" : "TCP") &&
      (typeof port === "number" ? candidate.port === port : candidate.name === port),
  );
}

export function serviceRef(namespace: string, name: string): ObjectRef {
  return { kind: "Service", namespace, name };
}

function listPorts(service: Service): string {
  const ports = service.spec.ports.map(
    ({ name, port, protocol }) =>
      `${port}${name === "" ? "" : ` "${name}"`}${protocol === "TCP" ? "" : ` of ${protocol}`}`,
  );
  return ports.length === 0 ? "none" : ports.join(", ");
}

function refused(reason: string, message: string, fix: string): ResolvedBackend {
  return { problem: { severity: "error", reason, message, fix } };
}
