import { KubeError } from "./kube-error.ts";
import { ManualClock, settled } from "./manual-clock.ts";
import type { MirrorEvent } from "./mirror.ts";
import { Reflector, type ReflectorOptions, type ReflectorState } from "./reflector.ts";
import type { KubeObject } from "./resource-type.ts";
import { SERVICES } from "./resource-types.ts";
import { ScriptedClient } from "./scripted-client.ts";

export function service(name: string, resourceVersion: string, namespace = "shop"): KubeObject {
  return { metadata: { namespace, name, resourceVersion, uid: `uid-${name}` } };
}

export const bookmark = (resourceVersion: string): KubeObject => ({ metadata: { resourceVersion } });
export const listOf = (resourceVersion: string, ...items: KubeObject[]) => ({ resourceVersion, items });
export const failure = (code: number, reason: string, retryAfter?: number) =>
  new KubeError(reason, { code, reason, retryAfter });

const names = (objects: readonly KubeObject[]): string => objects.map(({ metadata }) => metadata.name).join(" ");

function inWords(event: MirrorEvent): string {
  switch (event.type) {
    case "replaced":
      return `replaced ${event.objects.length}: changed ${names(event.changed)}, deleted ${event.deleted.map(({ name }) => name).join(" ")}`;
    case "upsert":
      return `upsert ${names([event.object])} ${event.object.metadata.resourceVersion}`;
    case "delete":
      return `delete ${event.name.namespace}/${event.name.name}`;
  }
}

/** A reflector that follows a scripted server, in the test's own time. */
export class ReflectorBench implements AsyncDisposable {
  readonly client = new ScriptedClient();
  readonly clock = new ManualClock();
  readonly events: string[] = [];
  readonly states: ReflectorState["state"][] = [];
  readonly reflector: Reflector;
  readonly #stop = new AbortController();
  readonly #run: Promise<void>;

  constructor(
    script: (client: ScriptedClient) => void = () => {},
    options: Partial<Pick<ReflectorOptions, "comes" | "type">> = {},
  ) {
    script(this.client);
    this.reflector = new Reflector({
      client: this.client,
      type: SERVICES,
      clock: this.clock,
      // No jitter.
      random: () => 1,
      onEvent: (event) => this.events.push(inWords(event)),
      onState: ({ state }) => this.states.push(state),
      ...options,
    });
    this.#run = this.reflector.run(this.#stop.signal);
  }

  /** What was told since the last call. */
  async heard(): Promise<string[]> {
    await settled();
    return this.events.splice(0);
  }

  async called(): Promise<string[]> {
    await settled();
    return this.client.calls.splice(0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#run;
  }
}
