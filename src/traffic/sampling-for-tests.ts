import type { SamplingState } from "./messages.ts";

/** Everything is shown, and nothing has come. */
export const SAMPLING: SamplingState = {
  words: "showing all requests",
  failures: 1,
  sample: 1,
  latency: 1,
  budget: 100,
  received: 0,
  requests: 0,
  lost: { envoy: 0, receiver: 0 },
  receiver: "ready",
  totalsEvery: 1000,
  envoys: [],
};
