import { type ChannelCredentials, Client } from "@grpc/grpc-js";
import { DeltaDiscoveryRequest, DeltaDiscoveryResponse } from "#proto/envoy/service/discovery/v3/discovery.ts";
import { TYPE_URLS } from "#xds/resource.ts";

/** An xDS client, node id `stuck`, that asks for everything and reads nothing. */
export function startStuckClient(address: string, credentials: ChannelCredentials, serverName: string): Disposable {
  const client = new Client(address, credentials, { "grpc.ssl_target_name_override": serverName });
  const call = client.makeBidiStreamRequest(
    "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources",
    (request: DeltaDiscoveryRequest) => Buffer.from(DeltaDiscoveryRequest.encode(request).finish()),
    (bytes: Buffer) => DeltaDiscoveryResponse.decode(bytes),
  );
  call.on("error", () => {});
  for (const type of ["cluster", "endpoints"] as const) {
    const node = { id: "stuck", cluster: "", userAgentName: "" };
    const names = type === "endpoints" ? ["local/team-shop/shop/80"] : [];
    call.write(DeltaDiscoveryRequest.fromPartial({ node, typeUrl: TYPE_URLS[type], resourceNamesSubscribe: names }));
  }
  return {
    [Symbol.dispose]: () => {
      call.cancel();
      client.close();
    },
  };
}
