import type { Discoverer } from "#discovery/discoverer.ts";
import type { PlatformWorld } from "../discovery/discovery-contract.ts";
import type { Services } from "../discovery/followed.ts";
import type { StandInServer } from "./stand-in-server.ts";

/** What a world of machines is read by; short times where it waits to ask again. */
export const MACHINES = {
  rules: {
    serviceKey: "service",
    portKey: "port",
    teamKey: "team",
    team: "team-shop",
    addresses: "private",
    teamOf: (team: string): string => team,
  },
  refuse: () => undefined,
  times: { interval: 10, retry: { least: 5, most: 20 } },
} as const;

/** An address with the service that it is of, each. */
export function machinesOf(services: Services): readonly { readonly service: string; readonly address: string }[] {
  return Object.entries(services).flatMap(([service, addresses]) => addresses.map((address) => ({ service, address })));
}

type StandIn = AsyncDisposable & Pick<StandInServer<never[], never>, "down" | "fallSilent" | "recover">;

/** A cloud that is none: what it has is written into a stand-in for its API. */
export abstract class StandInWorld<S extends StandIn> implements PlatformWorld {
  protected readonly standIn: S;
  /** What is disposed of with it. */
  protected readonly parts = new AsyncDisposableStack();
  readonly changes = {
    have: (services: Services) => this.have(services),
    fail: () => this.standIn.down(),
    fallSilent: () => this.standIn.fallSilent(),
    recover: () => this.standIn.recover(),
  };

  constructor(standIn: S, services: Services) {
    this.standIn = this.parts.use(standIn);
    this.have(services);
  }

  abstract discoverer(): Discoverer;

  protected abstract have(services: Services): void;

  async [Symbol.asyncDispose](): Promise<void> {
    await this.parts.disposeAsync();
  }
}
