import { refKey, type RefKey } from "#resources/ref.ts";
import type { StoredObject } from "#store/object-state.ts";
import type { Facts } from "./facts.ts";
import { factRead, gatewayRead, indexRead, keptRead, nameRead, objectRead } from "./reads.ts";
import type { TranslatorOptions } from "./translator.ts";
import type { Reader } from "./unit.ts";

/**
 * What a unit is built with: it records what it reads.
 *
 * @param reads gets what was read, by `reads.ts`
 * @param objects gets the objects that were found
 */
export function recordingReader(
  options: Pick<TranslatorOptions, "store" | "names" | "gateways">,
  facts: Facts,
  reads: Set<string>,
  objects: Map<RefKey, StoredObject>,
): Reader {
  const { store, names, gateways } = options;
  return {
    get: (kind, namespace, name) => {
      const ref = { kind, namespace, name };
      reads.add(objectRead(ref));
      const found = store.get(kind, namespace, name);
      if (found !== undefined) objects.set(refKey(ref), found);
      return found;
    },
    kept: (kind, namespace, name) => {
      const ref = { kind, namespace, name };
      reads.add(objectRead(ref)).add(keptRead(ref));
      const found = store.kept(kind, namespace, name);
      if (found !== undefined) objects.set(refKey(ref), found);
      return found;
    },
    list: (index, key) => {
      reads.add(indexRead(index, key));
      const found = store.list(index, key);
      for (const stored of found) objects.set(refKey(stored.ref), stored);
      return found;
    },
    name: (host) => {
      reads.add(nameRead(host));
      return names.get(host);
    },
    gateway: (backend) => {
      reads.add(gatewayRead(backend));
      return gateways.get(backend);
    },
    facts: (topic) => {
      reads.add(factRead(topic));
      return facts.values(topic);
    },
  };
}
