import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { DiffView } from "#api/ports/diff.ts";
import type { ObjectState } from "#store/object-state.ts";
import type { PlanParts } from "./plan-changes.ts";

/** What the thread is told. */
export interface PlanTask {
  readonly parts: Omit<PlanParts, "states" | "now">;
  readonly states: readonly ObjectState[];
  readonly request: Parameters<DiffView["plan"]>[0];
  readonly scope: Parameters<DiffView["plan"]>[1];
}

/**
 * Plans as `planChanges` does, in a thread of its own: 10,000 hosts are seconds of translation, for which the control
 * plane would answer nobody. What stands is copied to it.
 */
export function planInThread({ states, ...parts }: Omit<PlanParts, "now">): DiffView {
  return {
    plan: async (request, scope) => {
      const task: PlanTask = { parts, states: states().map(plain), request, scope };
      const worker = new Worker(new URL("./plan-thread.ts", import.meta.url), { workerData: task });
      try {
        const [plan] = (await once(worker, "message")) as [Awaited<ReturnType<DiffView["plan"]>>];
        return plan;
      } finally {
        await worker.terminate();
      }
    },
  };
}

/** Of what the store keeps, what may be read. */
function plain({ ref, origin, inUse, acceptedHash, refused, warnings }: ObjectState): ObjectState {
  return { ref, origin, inUse, acceptedHash, refused, warnings };
}
