import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { Address } from "#proto/envoy/config/core/v3/address.ts";
import { Metadata, TransportSocket } from "#proto/envoy/config/core/v3/base.ts";
import { packAny, packEmpty } from "./any.ts";

/**
 * An endpoint keeps its own address, and so its statistics, health and name in logs; its metadata says where a connection to it
 * is made instead, and the socket asks there for the endpoint by CONNECT. Health checks take the same way.
 */
const PROXY_ADDRESS = "envoy.http11_proxy_transport_socket.proxy_address";

/** Where Envoy takes what goes through a gateway, as the metadata of its endpoints. */
export function tunnelMetadata(path: string): Metadata {
  const address = Address.fromPartial({ address: { $case: "pipe", value: { path } } });
  return Metadata.fromPartial({
    typedFilterMetadata: { [PROXY_ADDRESS]: packAny("envoy.config.core.v3.Address", Address, address) },
  });
}

/** `inner`: what is spoken to the endpoint itself, end to end; undefined: nothing but what is sent. */
export function tunnelSocket(inner: TransportSocket | undefined): TransportSocket {
  const type = "envoy.extensions.transport_sockets.http_11_proxy.v3.Http11ProxyUpstreamTransport";
  return TransportSocket.fromPartial({
    name: "envoy.transport_sockets.http_11_proxy",
    configType: { $case: "typedConfig", value: packAny(type, ONE_SOCKET, inner ?? RAW) },
  });
}

const RAW = TransportSocket.fromPartial({
  name: "envoy.transport_sockets.raw_buffer",
  configType: {
    $case: "typedConfig",
    value: packEmpty("envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer"),
  },
});

/** Field 1, length-delimited: all that the message has is the socket inside it. */
const ONE_SOCKET = {
  encode: (socket: TransportSocket): BinaryWriter =>
    new BinaryWriter().uint32(10).bytes(TransportSocket.encode(socket).finish()),
};
