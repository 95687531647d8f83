import type { BackendsView, BackendState } from "#api/ports/backends.ts";
import type { Backend } from "#discovery/backend.ts";
import type { Placer } from "#discovery/placer.ts";
import { serviceStates } from "#discovery/service-states.ts";
import { compareText } from "#lib/compare.ts";
import type { Translator } from "#translate/translator.ts";
import type { GatewaySettings } from "#translate/gateway-settings.ts";
import type { IrGateway } from "#translate/ir.ts";
import { dependentRoutes } from "./dependent-routes.ts";
import { type GatewaySight, gatewayState } from "./gateway-state.ts";

export interface BackendsParts {
  readonly backends: () => readonly Backend[];
  readonly placer: Pick<Placer, "unplaced" | "lag">;
  readonly translator: Pick<Translator, "eachItem">;
  /** What the upstreams of a backend are reached through, and what Envoy told of it. */
  readonly gateways: {
    settings(backend: string): GatewaySettings | undefined;
    sight(backend: string): GatewaySight | undefined;
  };
  readonly hindrance: BackendsView["hindrance"];
  readonly restore: BackendsView["restore"];
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** What discovery found and how it is, read at each call; and what an operator does about it. */
export function backendsView({
  backends,
  placer,
  translator,
  gateways,
  hindrance,
  restore,
  now,
}: BackendsParts): BackendsView {
  const named = (name: string): Backend => {
    const backend = backends().find((one) => one.name === name);
    if (backend === undefined) throw new Error(`there is no backend ${name}`);
    return backend;
  };
  const withGateway = (state: BackendState, used: ReadonlyMap<string, IrGateway>): BackendState => {
    const settings = gateways.settings(state.name);
    if (settings === undefined) return state;
    return { ...state, gateway: gatewayState(settings, used.get(state.name), gateways.sight(state.name)) };
  };
  return {
    list: () => {
      const used = new Map<string, IrGateway>();
      for (const item of translator.eachItem()) if (item.type === "gateway") used.set(item.backend, item);
      return backends()
        .map((backend) => withGateway(stateOf(backend, placer, now()), used))
        .sort((a, b) => compareText(a.name, b.name));
    },
    services: () =>
      backends()
        .flatMap((backend) => serviceStates(backend, placer))
        .sort(
          (a, b) =>
            compareText(a.namespace, b.namespace) ||
            compareText(a.name, b.name) ||
            compareText(a.backend, b.backend) ||
            compareText(a.scope, b.scope),
        ),
    hindrance,
    restore,
    routes: (backend) => dependentRoutes(translator.eachItem(), backend),
    confirm: (backend, by) => named(backend).confirm(by),
    remove: (backend, drain, by) => named(backend).remove(drain, by),
  };
}

function stateOf(backend: Backend, placer: Pick<Placer, "lag">, now: number): BackendState {
  const { name, platform, state, since, lastSync, failure, problems, goneAt } = backend.status();
  const { waiting, oldest } = placer.lag(name);
  const removal = goneAt === undefined ? undefined : goneAt > now ? "draining" : "removed";
  return {
    name,
    platform,
    state: removal ?? state,
    since,
    ...(lastSync === undefined ? {} : { lastSync }),
    ...(failure === undefined ? {} : { failure }),
    waiting,
    ...(oldest === undefined ? {} : { waitingSince: oldest }),
    ...(goneAt === undefined ? {} : { goneAt }),
    problems,
  };
}
