import { parentPort, workerData } from "node:worker_threads";
import { planChanges } from "./plan-changes.ts";
import type { PlanTask } from "./plan-in-thread.ts";

// The thread of one plan: it is told all at its start, answers once, and ends.
const { parts, states, request, scope } = workerData as PlanTask;
parentPort?.postMessage(await planChanges({ ...parts, states: () => states, now: Date.now }).plan(request, scope));
