import type { ServerDuplexStream, ServiceDefinition } from "@grpc/grpc-js";
import { DeltaDiscoveryRequest, DeltaDiscoveryResponse } from "#proto/envoy/service/discovery/v3/discovery.ts";

/** One stream of {@link ADS_SERVICE}, as a server sees it. */
export type AdsCall = ServerDuplexStream<DeltaDiscoveryRequest, DeltaDiscoveryResponse>;

/** envoy.service.discovery.v3.AggregatedDiscoveryService, of which only the delta form is spoken here. */
export const ADS_SERVICE = {
  DeltaAggregatedResources: {
    path: "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources",
    requestStream: true,
    responseStream: true,
    requestSerialize: (request: DeltaDiscoveryRequest) => Buffer.from(DeltaDiscoveryRequest.encode(request).finish()),
    requestDeserialize: (bytes: Buffer) => DeltaDiscoveryRequest.decode(bytes),
    responseSerialize: (response: DeltaDiscoveryResponse) =>
      Buffer.from(DeltaDiscoveryResponse.encode(response).finish()),
    responseDeserialize: (bytes: Buffer) => DeltaDiscoveryResponse.decode(bytes),
  },
} as const satisfies ServiceDefinition;
