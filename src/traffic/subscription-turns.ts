import { Allowance } from "./allowance.ts";
import { SUBSCRIPTIONS } from "./client-message.ts";
import type { SubscribeMessage } from "./messages.ts";

export interface WaitingSubscription {
  readonly message: SubscribeMessage;
  /** It was paused before its turn came. */
  readonly isPaused: boolean;
}

/**
 * Which of a session's subscriptions are answered at once: a new picture is made of all flows, on the thread that also
 * configures Envoy. One that has to wait is the newest; nobody wants the picture of those before it.
 */
export class SubscriptionTurns {
  readonly #allowance: Allowance;
  #waiting: WaitingSubscription | undefined;

  /** Times in milliseconds. */
  constructor(now: number) {
    this.#allowance = new Allowance(SUBSCRIPTIONS.perSecond, now, SUBSCRIPTIONS.atOnce);
  }

  /** Whether it is its turn, else it waits for {@link take}; and whether one that waited will not be answered for it. */
  ask(message: SubscribeMessage, now: number): { readonly isNow: boolean; readonly replaces: boolean } {
    const replaces = this.#waiting !== undefined;
    const isNow = this.#allowance.take(now);
    this.#waiting = isNow ? undefined : { message, isPaused: false };
    return { isNow, replaces };
  }

  /** The one whose turn has come. */
  take(now: number): WaitingSubscription | undefined {
    const waiting = this.#waiting;
    if (waiting === undefined || !this.#allowance.take(now)) return undefined;
    this.#waiting = undefined;
    return waiting;
  }

  /** Pauses or resumes the one that waits; false: none does. */
  pause(isPaused: boolean): boolean {
    if (this.#waiting === undefined) return false;
    this.#waiting = { ...this.#waiting, isPaused };
    return true;
  }
}
