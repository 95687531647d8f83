import { z } from "zod";
import { count, duration, settingKinds } from "./setting.ts";

const share = z.number().min(0).max(1);
settingKinds.add(share, { takes: "number from 0 to 1" });

/** `traffic`: what is kept of single requests. Totals are always exact and do not depend on it. */
export const traffic = z
  .strictObject({
    sampleShare: share
      .default(1)
      .describe(
        "The largest share of ordinary requests that is shown singly; above entriesPerSecond it is lowered. Failures and slow ones come first.",
      ),
    entriesPerSecond: count(1)
      .default(500)
      .describe(
        "How many single requests a second are taken in; above it the shares are lowered. Ordinary ones have at most two fifths of it, and a twentieth while nobody looks.",
      ),
    slowThreshold: duration().prefault("1s").describe("From which duration on a request counts as slow."),
    keepQueryValues: z
      .boolean()
      .default(false)
      .describe("Whether the values of query parameters are kept; they often hold personal data or tokens."),
    retention: duration(1000)
      .prefault("15m")
      .describe(
        "How long single requests can be scrolled back to; a route without requests is in the tables twenty times as long, or more.",
      ),
    retentionMiB: count(1).default(64).describe("How much memory they may take, in MiB; the oldest go first."),
  })
  .prefault({});
