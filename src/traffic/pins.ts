import { randomUUID } from "node:crypto";
import { capped, PIN_SECONDS } from "./client-message.ts";
import type { NamespaceScope } from "./filter.ts";
import type { Pin, PinTarget } from "./messages.ts";

/** A pin asks for more entries of everything, so there are few. */
const MOST = 20;
/** Of one team, so that it takes no other's place. */
const MOST_OF_ONE = 5;

interface Owned {
  readonly pin: Pin;
  readonly scope: NamespaceScope;
}

/** What is kept whole for a time, and for whom. */
export class Pins {
  #pins: readonly Owned[] = [];

  /** `now` in milliseconds. The oldest goes when there are too many: of the same team's if it is their number. */
  add(target: PinTarget, seconds: number | undefined, scope: NamespaceScope, now: number): Pin {
    const pin: Pin = { id: randomUUID(), target, until: now + capped(seconds, PIN_SECONDS) * 1000 };
    const own = scope === "all" ? [] : this.#pins.filter((owned) => isSameScope(owned.scope, scope));
    const gone = own.slice(0, Math.max(0, own.length - MOST_OF_ONE + 1));
    this.#pins = [...this.#pins.filter((owned) => !gone.includes(owned)), { pin, scope }].slice(-MOST);
    return pin;
  }

  /** False: there is none of that id, or it is not theirs to end. */
  remove(id: string, scope: NamespaceScope): boolean {
    const left = this.#pins.filter((owned) => owned.pin.id !== id || !isWithin(owned.scope, scope));
    const removed = left.length < this.#pins.length;
    this.#pins = left;
    return removed;
  }

  /** Ends those whose time is over; says whether there were any. */
  expire(now: number): boolean {
    const left = this.#pins.filter(({ pin }) => pin.until > now);
    const expired = left.length < this.#pins.length;
    this.#pins = left;
    return expired;
  }

  get targets(): readonly PinTarget[] {
    return this.#pins.map(({ pin }) => pin.target);
  }

  seenBy(scope: NamespaceScope): readonly Pin[] {
    return this.#pins.filter((owned) => isWithin(owned.scope, scope)).map(({ pin }) => pin);
  }
}

function isSameScope(a: NamespaceScope, b: NamespaceScope): boolean {
  return isWithin(a, b) && isWithin(b, a);
}

/** A pin names a client or a path, so only who may see all that its maker may see is told. */
function isWithin(made: NamespaceScope, viewer: NamespaceScope): boolean {
  return viewer === "all" || (made !== "all" && [...made].every((namespace) => viewer.has(namespace)));
}
