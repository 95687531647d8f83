import { setTimeout as delay } from "node:timers/promises";
import { ApiError, type ApiClient, type KubernetesObject } from "./api-client.ts";

export interface Follower<T> {
  /** Everything that is there; again after each gap. */
  list(objects: readonly T[]): void;
  put(object: T): void;
  gone(object: T): void;
}

const PAUSE_MS = 50;

/** List, then watch, over outages, until `signal` fires. */
export async function follow<T extends KubernetesObject>(
  api: ApiClient,
  path: string,
  follower: Follower<T>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const { metadata, items } = await api.get<{ metadata: { resourceVersion: string }; items: T[] }>(path);
      follower.list(items);
      for await (const { type, object } of api.watch<T>(path, metadata.resourceVersion, signal)) {
        if (type === "ADDED" || type === "MODIFIED") follower.put(object);
        else if (type === "DELETED") follower.gone(object);
        else if (type === "ERROR") break;
      }
    } catch (error) {
      // What the API server refuses for good is the test's mistake; everything else is an outage.
      if (error instanceof ApiError && [401, 403, 404].includes(error.code)) throw error;
    }
    await delay(PAUSE_MS, undefined, { signal }).catch(() => undefined);
  }
}
