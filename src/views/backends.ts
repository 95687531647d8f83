import type { BackendsView, BackendState } from "#api/ports/backends.ts";
import type { Backend } from "#discovery/backend.ts";
import type { Placer } from "#discovery/placer.ts";
import { serviceStates } from "#discovery/service-states.ts";
import { compareText } from "#lib/compare.ts";
import type { Translator } from "#translate/translator.ts";
import { dependentRoutes } from "./dependent-routes.ts";

export interface BackendsParts {
  readonly backends: () => readonly Backend[];
  readonly placer: Pick<Placer, "unplaced" | "lag">;
  readonly translator: Pick<Translator, "eachItem">;
  readonly hindrance: BackendsView["hindrance"];
  readonly restore: BackendsView["restore"];
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** What discovery found and how it is, read at each call; and what an operator does about it. */
export function backendsView({ backends, placer, translator, hindrance, restore, now }: BackendsParts): BackendsView {
  const named = (name: string): Backend => {
    const backend = backends().find((one) => one.name === name);
    if (backend === undefined) throw new Error(`there is no backend ${name}`);
    return backend;
  };
  return {
    list: () =>
      backends()
        .map((backend) => stateOf(backend, placer, now()))
        .sort((a, b) => compareText(a.name, b.name)),
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
