import { isDeepStrictEqual } from "node:util";
import type { EndpointSlice } from "#resources/endpoint-slice.ts";
import type { Service } from "#resources/service.ts";

/** Whether an object of the home says what it should, but for what the API server fills in by itself. */
export function saysTheSame(standing: Service | EndpointSlice | undefined, wanted: Service | EndpointSlice): boolean {
  return standing !== undefined && isDeepStrictEqual(saying(standing), saying(wanted));
}

function saying(object: Service | EndpointSlice): unknown {
  const { labels, annotations } = object.metadata;
  const said = { labels: { ...labels }, annotations: { ...annotations } };
  if (object.kind === "EndpointSlice") {
    const { addressType, ports, endpoints } = object;
    return { ...said, addressType, ports, endpoints };
  }
  const {
    clusterIPs: _clusterIPs,
    ipFamilies: _ipFamilies,
    ipFamilyPolicy: _ipFamilyPolicy,
    internalTrafficPolicy: _internalTrafficPolicy,
    sessionAffinityConfig: _sessionAffinityConfig,
    clusterIP,
    ...spec
  } = object.spec;
  // Of a Service that has none the server writes an empty one.
  return { ...said, spec, clusterIP: clusterIP ?? "" };
}
