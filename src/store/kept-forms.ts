import type { Kind, ObjectRef, RefKey } from "#resources/ref.ts";
import type { Resource } from "#resources/resource.ts";
import type { StoredObject } from "./object-state.ts";

/** Which objects outlast their own deletion, and forms of theirs that serve nothing. */
export interface KeepRule {
  readonly kind: Kind;
  /** Whether a form is of use: the last one of these is kept. */
  readonly serves: (object: Resource) => boolean;
}

/**
 * The last forms of use of objects that are gone, or stand there in a form that serves nothing: beside the objects, so that
 * only who asks for them sees them. They stand until the object serves again, or nobody needs them ({@link KeptForms.release}).
 */
export class KeptForms {
  readonly #rule: KeepRule | undefined;
  readonly #forms = new Map<RefKey, StoredObject>();

  constructor(rule: KeepRule | undefined) {
    this.#rule = rule;
  }

  get(key: RefKey): StoredObject | undefined {
    return this.#forms.get(key);
  }

  has(key: RefKey): boolean {
    return this.#forms.has(key);
  }

  refs(): readonly ObjectRef[] {
    return [...this.#forms.values()].map(({ ref }) => ref);
  }

  /**
   * Follows an object, whose form in use is `current` now.
   *
   * @param last finds the form in use before, or else the accepted one; asked for only where it may be kept
   */
  follow(
    { kind }: ObjectRef,
    key: RefKey,
    current: StoredObject | undefined,
    last: () => StoredObject | undefined,
  ): void {
    if (kind !== this.#rule?.kind) return;
    if (current !== undefined && this.#rule.serves(current.object)) {
      this.#forms.delete(key);
      return;
    }
    const form = this.#forms.get(key) ?? last();
    if (form !== undefined && this.#rule.serves(form.object)) this.#forms.set(key, form);
  }

  release(key: RefKey): boolean {
    return this.#forms.delete(key);
  }
}
