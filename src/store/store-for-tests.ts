import assert from "node:assert/strict";
import type { Problem } from "#lib/problem.ts";
import type { ObjectRef } from "#resources/ref.ts";
import type { Resource } from "#resources/resource.ts";
import { validate } from "#resources/validate.ts";
import { MemoryArchive } from "./archive.ts";
import type { SourceChange } from "./changes.ts";
import type { StoreEvent } from "./object-state.ts";
import { Store } from "./store.ts";

export const A: ObjectRef = { kind: "Ingress", namespace: "team", name: "a" };
export const WRONG: Problem = { severity: "error", path: "spec", message: "wrong" };

export function ingress(path: string, name = "a", metadata: object = {}): Resource {
  return read({
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: { name, namespace: "team", ...metadata },
    spec: {
      rules: [
        {
          host: "a.test",
          http: {
            paths: [{ path, pathType: "Prefix", backend: { service: { name: "s", port: { number: 80 } } } }],
          },
        },
      ],
    },
  });
}

export function namespace(lastGood: string): Resource {
  return read({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: "team", annotations: { "binnacle.dev/last-good": lastGood } },
  });
}

function read(document: object): Resource {
  const checked = validate(document, { unknownFields: "error" });
  if (checked.type !== "accepted") throw new Error(JSON.stringify(checked));
  return checked.object;
}

export function put(object: Resource, file = "a.yaml", warnings: readonly Problem[] = []): SourceChange {
  return { type: "put", object, origin: { file }, warnings };
}

export function refuse(ref: ObjectRef = A, file = "a.yaml"): SourceChange {
  return { type: "refuse", ref, origin: { file }, problems: [WRONG] };
}

/** A store with all that it told. Its clock moves one second with each look at it. */
export class StoreUnderTest {
  readonly archive: MemoryArchive;
  readonly store: Store;
  readonly events: StoreEvent[] = [];

  constructor(archive = new MemoryArchive(), begin = "2026-01-01T00:00:00Z") {
    this.archive = archive;
    let now = Date.parse(begin);
    const indexes = [
      {
        name: "by-path",
        kind: "Ingress" as const,
        keys: (object: Resource) =>
          object.kind === "Ingress" ? (object.spec.rules[0]?.http?.paths.map(({ path }) => path) ?? []) : [],
      },
    ];
    this.store = new Store({ indexes, archive, now: () => (now += 1000) });
    this.store.onChange((event) => this.events.push(event));
  }

  /** The path of the form in use of Ingress `a`. */
  get inUse(): string | undefined {
    return this.store.get("Ingress", "team", "a")?.object.spec.rules[0]?.http?.paths[0]?.path;
  }

  apply(...changes: readonly SourceChange[]): void {
    this.store.apply(changes);
  }

  accept(ref = A): void {
    const form = this.store.state(ref)?.inUse;
    assert.ok(form !== undefined);
    this.store.accept(ref, form.hash);
  }

  /** Envoy refuses what was made from the forms in use of these objects. */
  refuseByEnvoy(...refs: readonly ObjectRef[]): ObjectRef | undefined {
    const forms = refs.map((ref) => ({ ref, hash: this.store.state(ref)?.inUse?.hash ?? "" }));
    return this.store.refuseByEnvoy(forms, WRONG);
  }
}

export const named = (name: string): ObjectRef => ({ ...A, name });
