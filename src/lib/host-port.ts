/** A host as it stands in a URL and before a port: an IPv6 address in brackets (RFC 3986 §3.2.2), anything else as it is. */
export function uriHost(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

/** `10.0.0.1:80`, `[2001:db8::1]:80`, `shop.example:80`. */
export function hostPort(host: string, port: number | string): string {
  return `${uriHost(host)}:${port}`;
}
