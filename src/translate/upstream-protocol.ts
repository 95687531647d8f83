import { readServiceAnnotations } from "#resources/annotations.ts";
import type { Service, ServicePort } from "#resources/service.ts";

/** How an upstream is spoken to. */
export interface UpstreamProtocol {
  readonly http2: boolean;
  readonly tls: boolean;
}

/** `kubernetes.io/h2c` is KEP-3726's word, the others are in use with gRPC services. */
const HTTP2_APP_PROTOCOLS: ReadonlySet<string> = new Set(["kubernetes.io/h2c", "h2c", "grpc", "http2"]);

const BY_NAME = {
  http1: { http2: false, tls: false },
  h2: { http2: true, tls: true },
  h2c: { http2: true, tls: false },
  tls: { http2: false, tls: true },
} as const satisfies Record<string, UpstreamProtocol>;

/**
 * What somebody asks for, else what the Service's annotations or its port say.
 *
 * @param port undefined for an ExternalName that declares none
 */
export function upstreamProtocol(
  asked: keyof typeof BY_NAME | undefined,
  service: Service,
  number: number,
  port: ServicePort | undefined,
): UpstreamProtocol {
  if (asked !== undefined) return BY_NAME[asked];
  const said = readServiceAnnotations(service.metadata.annotations).value.upstreamProtocol;
  const names = (ports: readonly string[]): boolean =>
    ports.includes(String(number)) || (port !== undefined && port.name !== "" && ports.includes(port.name));
  return {
    tls: names(said.tls) || names(said.h2) || port?.appProtocol === "https",
    http2: names(said.h2) || names(said.h2c) || HTTP2_APP_PROTOCOLS.has(port?.appProtocol ?? ""),
  };
}
