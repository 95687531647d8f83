import { networkInterfaces } from "node:os";

/** All addresses of this machine's interfaces, sorted. */
export function ownAddresses(): readonly string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => (addresses ?? []).map(({ address }) => address))
    .sort();
}
