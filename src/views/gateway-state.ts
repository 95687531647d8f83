import { hostPort } from "#lib/host-port.ts";
import type { GatewayState } from "#api/ports/backends.ts";
import type { GatewaySettings } from "#translate/gateway-settings.ts";
import type { IrGateway } from "#translate/ir.ts";

/** What Envoy told of a gateway. */
export interface GatewaySight {
  /** The health of each of its addresses; undefined when it is not known. */
  readonly addresses: readonly string[] | undefined;
  /** What it failed at lately. `answer`: its status, or that it hung up; undefined: it could not be asked. */
  readonly failure:
    | { readonly endpoint: string; readonly answer: number | "none" | undefined; readonly transportFailure: string }
    | undefined;
}

/** How a gateway is, for people. `item`: undefined as long as no route leads to what is behind it. */
export function gatewayState(
  { host, port, protocol, tls }: GatewaySettings,
  item: IrGateway | undefined,
  sight: GatewaySight | undefined,
): GatewayState {
  const address = item?.address ?? hostPort(host, port);
  const common = { address, protocol, tls: tls !== undefined };
  if (item === undefined) return { ...common, state: "unused" };
  const detail = item.problem ?? failureWords(sight?.failure);
  return { ...common, state: stateOf(sight), ...(detail === undefined ? {} : { detail }) };
}

function stateOf(sight: GatewaySight | undefined): GatewayState["state"] {
  const { addresses = [] } = sight ?? {};
  if (addresses.includes("healthy")) return "reachable";
  return addresses.length === 0 || addresses.includes("unknown") ? "unknown" : "unreachable";
}

function failureWords(failure: GatewaySight["failure"]): string | undefined {
  if (failure === undefined) return undefined;
  const { endpoint, answer, transportFailure } = failure;
  if (answer === "none") return `it hung up when it was asked for ${endpoint}`;
  if (answer !== undefined) return `it answered ${answer} when it was asked for ${endpoint}`;
  return `it could not be asked for ${endpoint}${transportFailure === "" ? "" : ` (${transportFailure})`}`;
}
