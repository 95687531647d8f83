import type { Upstream } from "./table-rows.ts";

/**
 * Reads a cluster's name, `backend/namespace/service/port`, and `~` with a hash where a route wants the upstream in a way of its
 * own; undefined for Envoy's own clusters.
 */
export function parseUpstream(cluster: string): Upstream | undefined {
  const match = CLUSTER_NAME.exec(cluster);
  if (match === null) return undefined;
  const [, backend = "", namespace = "", service = "", port = ""] = match;
  return { backend, namespace, service, port: Number(port) };
}

const CLUSTER_NAME = /^([^/]+)\/([^/]+)\/([^/]+)\/(\d{1,5})(?:~[0-9a-f]+)?$/;

export function sameUpstream(a: Upstream, b: Upstream): boolean {
  return a.backend === b.backend && a.namespace === b.namespace && a.service === b.service && a.port === b.port;
}

/** As a person writes it: `team-shop/cart:80`, with the backend in front when it is not the home's own. */
export function formatUpstream({ backend, namespace, service, port }: Upstream): string {
  const place = backend === "local" ? "" : `${backend} `;
  return `${place}${namespace}/${service}:${port}`;
}
