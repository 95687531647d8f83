import { uriHost } from "./host-port.ts";

/** The host of a URL by which a program on this machine reaches a server that listens on an address: `0.0.0.0` and `::` are none. */
export function connectableHost(address: string): string {
  if (address === "0.0.0.0") return "127.0.0.1";
  if (address === "::") return "[::1]";
  return uriHost(address);
}
