import { type Address, SocketAddress, SocketAddress_Protocol } from "#proto/envoy/config/core/v3/address.ts";

/** An address and port; `address` is an IP, or a name where Envoy resolves names. */
export function socketAddress(address: string, port: number, protocol: "tcp" | "udp" = "tcp"): Address {
  return {
    address: {
      $case: "socketAddress",
      value: {
        ...SOCKET_ADDRESS,
        address,
        portSpecifier: { $case: "portValue", value: port },
        protocol: protocol === "udp" ? SocketAddress_Protocol.UDP : SocketAddress_Protocol.TCP,
      },
    },
  };
}

const SOCKET_ADDRESS = SocketAddress.fromPartial({});
