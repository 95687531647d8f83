import type { Duration } from "#proto/google/protobuf/duration.ts";

/** google.protobuf.Duration of milliseconds. */
export function duration(milliseconds: number): Duration {
  const seconds = Math.floor(milliseconds / 1000);
  // Rounded, a time just below a second would have one more nanosecond than a Duration may have.
  return { seconds, nanos: Math.min(Math.round((milliseconds % 1000) * 1e6), 999_999_999) };
}
