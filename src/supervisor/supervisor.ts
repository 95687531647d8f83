import { EventEmitter } from "node:events";
import { compareText } from "#lib/compare.ts";
import { errorMessage } from "#lib/error-message.ts";
import { Child, type ChildOptions, type ChildSpec } from "./child.ts";
import type { ProcessState } from "./process-life.ts";

export interface ChildReport {
  readonly name: string;
  readonly state: ProcessState;
  /** How often it ended without being asked to. */
  readonly ends: number;
}

/** Starts several children together, reports on them, and stops them in the reverse of the order they were named in. */
export class Supervisor implements AsyncDisposable {
  /** `state` whenever a child's state changes. */
  readonly events = new EventEmitter<{ state: [ChildReport] }>();
  readonly #options: ChildOptions;
  readonly #children = new Map<string, Child>();

  constructor(options: ChildOptions) {
    this.#options = options;
  }

  /**
   * Starts these children side by side and resolves when all are ready. When one fails, those of this call are stopped
   * again and its error is thrown; children of earlier calls go on.
   */
  async start(specs: readonly ChildSpec[], signal?: AbortSignal): Promise<void> {
    for (const { name } of specs) {
      if (this.#children.has(name)) throw new Error(`there is a child named ${name} already`);
    }
    const children = specs.map((spec) => this.#add(spec));
    const outcomes = await Promise.allSettled(children.map((child) => child.start(signal)));
    const errors = outcomes.flatMap((outcome): unknown[] => (outcome.status === "rejected" ? [outcome.reason] : []));
    if (errors.length === 0) return;
    await this.#stop(children);
    throw errors.length === 1 ? errors[0] : new AggregateError(errors, errors.map(errorMessage).join("\n"));
  }

  /** Undefined when no child has that name. */
  child(name: string): Child | undefined {
    return this.#children.get(name);
  }

  /** Sorted by name. */
  reports(): readonly ChildReport[] {
    return [...this.#children.values()].map(report).sort((a, b) => compareText(a.name, b.name));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop([...this.#children.values()]);
  }

  #add(spec: ChildSpec): Child {
    const child = new Child(spec, this.#options);
    child.events.on("state", () => this.events.emit("state", report(child)));
    this.#children.set(spec.name, child);
    return child;
  }

  async #stop(children: readonly Child[]): Promise<void> {
    for (const child of children.toReversed()) {
      await child[Symbol.asyncDispose]();
      this.#children.delete(child.name);
    }
  }
}

function report(child: Child): ChildReport {
  return { name: child.name, state: child.state, ends: child.ends };
}
