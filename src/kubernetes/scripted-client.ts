import type { CallOptions, DeleteOptions, KubeClient, KubeList, ListOptions, Patch, WatchOptions } from "./client.ts";
import { KubeError } from "./kube-error.ts";
import { type KubeObject, type ObjectName, resourceName, type ResourceType } from "./resource-type.ts";
import type { WatchEvent } from "./watch-events.ts";

/** For tests: one watch that the test speaks through. */
export class ScriptedWatch {
  readonly resourceVersion: string;
  readonly options: WatchOptions;
  readonly #queue: (WatchEvent | { readonly end: KubeError | undefined })[] = [];
  #wake: (() => void) | undefined;

  constructor(options: WatchOptions) {
    this.options = options;
    this.resourceVersion = options.resourceVersion;
  }

  send(type: WatchEvent["type"], object: KubeObject): void {
    this.#push({ type, object });
  }

  /** The server ends it in order, or it fails. */
  end(error?: KubeError): void {
    this.#push({ end: error });
  }

  async *read(): AsyncGenerator<WatchEvent> {
    for (;;) {
      const next = this.#queue.shift();
      if (next === undefined) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
        continue;
      }
      if (!("end" in next)) yield next;
      else if (next.end === undefined) return;
      else throw next.end;
    }
  }

  #push(item: WatchEvent | { readonly end: KubeError | undefined }): void {
    this.#queue.push(item);
    this.#wake?.();
  }
}

type Answer<T> = T | KubeError;

/** For tests: a client whose lists and watches are answered as the test says; writes are not of its world. */
export class ScriptedClient implements KubeClient {
  readonly connection = "a script";
  /** Every call in order: `list services`, `watch services 5`. */
  readonly calls: string[] = [];
  readonly watches: ScriptedWatch[] = [];
  /** What the next list is answered with. */
  answerList: (type: ResourceType) => Answer<KubeList> = () => ({ resourceVersion: "1", items: [] });
  /** Why the next watch does not begin. */
  refuseWatch: (type: ResourceType) => KubeError | undefined = () => undefined;

  /** The watch that was begun last. */
  get watching(): ScriptedWatch {
    const last = this.watches.at(-1);
    if (last === undefined) throw new Error("nothing is watched");
    return last;
  }

  list(type: ResourceType, _options: ListOptions): Promise<KubeList> {
    this.calls.push(`list ${resourceName(type)}`);
    const answer = this.answerList(type);
    return answer instanceof KubeError ? Promise.reject(answer) : Promise.resolve(answer);
  }

  async *watch(type: ResourceType, options: WatchOptions): AsyncGenerator<WatchEvent> {
    this.calls.push(`watch ${resourceName(type)} ${options.resourceVersion}`);
    const refusal = this.refuseWatch(type);
    if (refusal !== undefined) throw refusal;
    const watch = new ScriptedWatch(options);
    this.watches.push(watch);
    const stop = (): void => watch.end(new KubeError("stopped", { code: 0, reason: "Aborted" }));
    options.signal.addEventListener("abort", stop, { once: true });
    options.onOpen?.();
    try {
      yield* watch.read();
    } finally {
      options.signal.removeEventListener("abort", stop);
    }
  }

  get(): Promise<KubeObject> {
    return Promise.reject(new Error("not scripted"));
  }

  create(_type: ResourceType, _object: KubeObject, _options: CallOptions): Promise<KubeObject> {
    return this.get();
  }

  replace(_type: ResourceType, _object: KubeObject, _options: CallOptions): Promise<KubeObject> {
    return this.get();
  }

  patch(_type: ResourceType, _name: ObjectName, _patch: Patch): Promise<KubeObject> {
    return this.get();
  }

  patchStatus(_type: ResourceType, _name: ObjectName, _patch: Patch, _options: CallOptions): Promise<KubeObject> {
    return this.get();
  }

  delete(_type: ResourceType, _name: ObjectName, _options: DeleteOptions): Promise<void> {
    return Promise.reject(new Error("not scripted"));
  }

  read(_path: string, _options: CallOptions): Promise<unknown> {
    return this.get();
  }

  [Symbol.dispose](): void {}
}
