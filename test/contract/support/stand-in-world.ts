import type { Discoverer } from "#discovery/discoverer.ts";
import type { PlatformWorld } from "../discovery/discovery-contract.ts";
import type { Services } from "../discovery/followed.ts";
import type { StandInServer } from "./stand-in-server.ts";

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
