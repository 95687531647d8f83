import { readServiceAnnotations } from "#resources/annotations.ts";
import type { Service, ServicePort } from "#resources/service.ts";

/** How an upstream is spoken to. */
export interface UpstreamProtocol {
  readonly http2: boolean;
  readonly tls: boolean;
}

const BY_NAME = {
  http1: { http2: false, tls: false },
  h2: { http2: true, tls: true },
  h2c: { http2: true, tls: false },
  tls: { http2: false, tls: true },
} as const satisfies Record<string, UpstreamProtocol>;

/** `kubernetes.io/h2c` and `kubernetes.io/ws` are KEP-3726's words, `h2c`, `grpc` and `http2` are in use with gRPC services. */
const BY_APP_PROTOCOL: ReadonlyMap<string, UpstreamProtocol> = new Map<string, UpstreamProtocol>([
  ["http", BY_NAME.http1],
  ["kubernetes.io/ws", BY_NAME.http1],
  ["https", BY_NAME.tls],
  ["kubernetes.io/h2c", BY_NAME.h2c],
  ["h2c", BY_NAME.h2c],
  ["grpc", BY_NAME.h2c],
  ["http2", BY_NAME.h2c],
]);

/**
 * What somebody asks for, else what the port of the Service says (as in Contour before its annotations), else what those say of
 * the port by its name, else by its number. One of them alone: two that differ are no third way.
 *
 * @param port undefined for an ExternalName that declares none
 */
export function upstreamProtocol(
  asked: keyof typeof BY_NAME | undefined,
  service: Service,
  number: number,
  port: ServicePort | undefined,
): UpstreamProtocol {
  return asked === undefined ? (saidProtocol(service, number, port) ?? BY_NAME.http1) : BY_NAME[asked];
}

/** What a Service itself says of a port; undefined: nothing. */
export function saidProtocol(
  service: Service,
  number: number,
  port: ServicePort | undefined,
): UpstreamProtocol | undefined {
  const own = BY_APP_PROTOCOL.get(port?.appProtocol ?? "");
  if (own !== undefined) return own;
  const said = readServiceAnnotations(service.metadata.annotations).value.upstreamProtocol;
  const names = [...(port === undefined || port.name === "" ? [] : [port.name]), String(number)];
  const [found] = names.flatMap((name) => ANNOTATED.find((protocol) => said[protocol].includes(name)) ?? []);
  return found === undefined ? undefined : BY_NAME[found];
}

export function protocolWords({ http2, tls }: UpstreamProtocol): string {
  return `HTTP/${http2 ? "2" : "1"}${tls ? " over TLS" : " without TLS"}`;
}

const ANNOTATED = ["h2", "h2c", "tls"] as const;
