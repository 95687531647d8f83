import { formatProblem } from "#lib/problem.ts";
import { formatRef, type ObjectRef } from "#resources/ref.ts";
import { refOf, type Resource } from "#resources/resource.ts";
import type { ObjectSink, SourceChange } from "#store/changes.ts";

/** For tests: a sink that keeps what it was told, and on which one can wait. */
export class RecordingSink implements ObjectSink {
  /** Every call, in words: `put Ingress a/b manifests/x.yaml:1`, `refuse …: <problems>`, `delete …`. */
  readonly calls: string[][] = [];
  readonly objects = new Map<string, Resource>();
  readonly refused = new Map<string, string>();
  readonly #remembered: Readonly<Record<string, readonly ObjectRef[]>>;
  readonly #waiting = new Set<() => void>();

  constructor(remembered: Readonly<Record<string, readonly ObjectRef[]>> = {}) {
    this.#remembered = remembered;
  }

  apply(changes: readonly SourceChange[]): void {
    this.calls.push(changes.map((change) => this.#note(change)));
    this.wake();
  }

  refsFrom(file: string): readonly ObjectRef[] {
    return this.#remembered[file] ?? [];
  }

  /** Looks again at what {@link until} waits for. */
  wake(): void {
    for (const look of this.#waiting) look();
  }

  /** Waits until `holds`, which is looked at after each call. */
  async until(holds: () => boolean): Promise<void> {
    if (holds()) return;
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (!holds()) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
    });
  }

  /** The names of the objects that stand, in order. */
  names(): string[] {
    return [...this.objects.keys()].sort();
  }

  #note(change: SourceChange): string {
    const ref = formatRef(change.type === "put" ? refOf(change.object) : change.ref);
    if (change.type === "delete") {
      this.objects.delete(ref);
      this.refused.delete(ref);
      return `delete ${ref}`;
    }
    const at = `${change.origin.file}:${change.origin.line}`;
    if (change.type === "refuse") {
      const problems = change.problems.map(formatProblem).join(", ");
      this.refused.set(ref, problems);
      return `refuse ${ref} ${at}`;
    }
    this.objects.set(ref, change.object);
    this.refused.delete(ref);
    return `put ${ref} ${at}`;
  }
}
