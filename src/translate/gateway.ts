import { isIP } from "node:net";
import { hostPort } from "#lib/host-port.ts";
import { compareText } from "#lib/compare.ts";
import type { GatewaySettings } from "./gateway-settings.ts";
import { gatewayName, type IrEndpoint, type IrGateway, type IrItem } from "./ir.ts";
import { canonicalAddress } from "./local-address.ts";
import { WANTED_NAMES } from "./resolved-name.ts";
import type { TranslateSettings } from "./settings.ts";
import type { Reader, UnitBuilder } from "./unit.ts";

/** Builds `gateway:B`: the proxy through which the upstreams of a backend are reached, its addresses, and the way to it. */
export function gatewayBuilder(settings: TranslateSettings): UnitBuilder {
  return (backend, read) => {
    const gateway = read.gateway(backend);
    if (gateway === undefined) return undefined;
    const { host, port, protocol, tls, socket, version } = gateway;
    const name = gatewayName(backend, version);
    const { addresses, problem } = addressesOf(gateway, read);
    const item: IrGateway = {
      type: "gateway",
      name,
      backend,
      address: hostPort(host, port),
      protocol,
      ...(tls === undefined ? {} : { tls }),
      connectTimeout: settings.connectTimeout,
      ...(problem === undefined ? {} : { problem }),
    };
    const endpoints = addresses
      ?.map((address): IrEndpoint => ({ address, port, health: "healthy", zone: undefined }))
      .sort((a, b) => compareText(a.address, b.address));
    const items: IrItem[] = [item, { type: "tunnel", name, socket }];
    // What is not yet known is not answered as empty: Envoy waits for it.
    if (endpoints !== undefined) items.push({ type: "endpoints", name, endpoints });
    return {
      items: items.map((made) => ({ item: made, from: [] })),
      verdicts: [],
      needs: [],
      facts: isIP(host) === 0 ? [{ topic: WANTED_NAMES, value: host }] : [],
    };
  };
}

/** Whose it is says nothing about its address: the operator names it, so it may be this machine. */
function addressesOf(
  { host }: GatewaySettings,
  read: Pick<Reader, "name">,
): { readonly addresses: readonly string[] | undefined; readonly problem?: string } {
  if (isIP(host) !== 0) return { addresses: [canonicalAddress(host)] };
  const { addresses, failure } = read.name(host) ?? {};
  const known = addresses === undefined ? undefined : [...new Set(addresses.map(canonicalAddress))];
  if (failure === undefined)
    return { addresses: known, ...(known?.length === 0 ? { problem: `${host} has no addresses in DNS` } : {}) };
  const effect = known === undefined ? "so it has no addresses" : "so its last addresses go on";
  return { addresses: known ?? [], problem: `${host} cannot be resolved (${failure}), ${effect}` };
}
