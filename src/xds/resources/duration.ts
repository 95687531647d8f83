import type { Duration } from "#proto/google/protobuf/duration.ts";

/** google.protobuf.Duration of milliseconds. */
export function duration(milliseconds: number): Duration {
  return { seconds: Math.floor(milliseconds / 1000), nanos: Math.round((milliseconds % 1000) * 1e6) };
}
