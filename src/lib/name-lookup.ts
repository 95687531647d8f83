/** Of addresses; where none is asked for, IPv4, and IPv6 where there is no IPv4. */
export type AddressFamily = "v4" | "v6";

/** What is asked of DNS, as one text: `db.test`, or `db.test/v6` where addresses of one family alone are wanted. */
export function nameLookup(host: string, family?: AddressFamily): string {
  return family === undefined ? host : `${host}/${family}`;
}

/** Reads back what {@link nameLookup} writes: no name of a host has a slash in it. */
export function readNameLookup(lookup: string): {
  readonly host: string;
  readonly family: AddressFamily | undefined;
} {
  const [host = "", family] = lookup.split("/");
  return { host, family: family === "v4" || family === "v6" ? family : undefined };
}
