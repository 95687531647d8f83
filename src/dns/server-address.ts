import { isIP } from "node:net";
import { hostPort } from "#lib/host-port.ts";

export interface DnsServerAddress {
  readonly address: string;
  readonly port: number;
}

const DNS_PORT = 53;

/** `192.0.2.53`, `192.0.2.53:5353`, `2001:db8::53`, `[2001:db8::53]:5353`; undefined for anything else. */
export function parseServerAddress(text: string): DnsServerAddress | undefined {
  if (isIP(text) !== 0) return { address: text, port: DNS_PORT };
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const address = bracketed ?? plain ?? "";
  const port = digits === undefined ? DNS_PORT : Number(digits);
  const isRight = isIP(address) === (bracketed === undefined ? 4 : 6) && port >= 1 && port <= 65535;
  return isRight ? { address, port } : undefined;
}

export function formatServerAddress({ address, port }: DnsServerAddress): string {
  if (port === DNS_PORT) return address;
  return hostPort(address, port);
}
