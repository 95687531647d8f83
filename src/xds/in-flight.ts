import { tableOf } from "./host-name.ts";
import type { XdsResource, XdsType } from "./resource.ts";
import type { Subscription } from "./subscription.ts";

/** A response that the client has not answered yet. */
export interface Push {
  readonly type: XdsType;
  readonly nonce: string;
  /** By the client's name; undefined for a removal. */
  readonly resources: ReadonlyMap<string, XdsResource | undefined>;
  /** Names whose answer says nothing: the client may have given them up while this was on its way. */
  readonly void: Set<string>;
  /** When it was sent, in the stream's clock. */
  readonly at: number;
}

/** The responses of one stream that are not answered yet, in the order in which they were sent. */
export class InFlight {
  readonly #pushes = new Map<string, Push>();

  get size(): number {
    return this.#pushes.size;
  }

  add(push: Omit<Push, "void">): void {
    this.#pushes.set(push.nonce, { ...push, void: new Set() });
  }

  /** The response that this nonce answers, which is none any longer; undefined for nonces that are not known. */
  take(nonce: string): Push | undefined {
    const push = this.#pushes.get(nonce);
    this.#pushes.delete(nonce);
    return push;
  }

  /** When the oldest of each type was sent. */
  since(): ReadonlyMap<XdsType, number> {
    const oldest = new Map<XdsType, number>();
    for (const { type, at } of this.#pushes.values()) if (!oldest.has(type)) oldest.set(type, at);
    return oldest;
  }

  /** The hosts of a table go with it, and come again with it. Those on their way may come before or after it goes. */
  forgetHosts(table: string, hosts: Subscription | undefined): void {
    hosts?.forgetTable(table);
    for (const push of this.#pushes.values()) {
      if (push.type !== "virtualHost") continue;
      for (const name of push.resources.keys()) {
        if (tableOf(name) !== table) continue;
        push.void.add(name);
        hosts?.uncertain.add(name);
      }
    }
  }
}
