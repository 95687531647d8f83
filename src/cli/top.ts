import { type CliContext, stopCode } from "./context.ts";
import { paintFor } from "./ink.ts";
import type { ReachFlags } from "./reach-api.ts";
import { terminalKeys } from "./terminal-keys.ts";
import { pictureOf, type TopPicture, updatePicture } from "./top-picture.ts";
import { type Size, topText } from "./top-text.ts";
import { type FilterFlags, filterOf, trafficFeed } from "./traffic-feed.ts";

export type TopFlags = ReachFlags & FilterFlags & { readonly once?: boolean };

/** Frames come up to ten times a second; figures that change that often cannot be read. */
const REDRAW_MS = 1000;
/** xterm's private modes: the alternate screen, no cursor, no wrapping of long lines; and all of it back. */
const ENTER = "\u001B[?1049h\u001B[?25l\u001B[?7l";
const LEAVE = "\u001B[?7h\u001B[?25h\u001B[?1049l";
const HOME = "\u001B[H";
const CLEAR_LINE = "\u001B[K";
const CLEAR_BELOW = "\u001B[J";

/**
 * `binnacle top`: rates, errors and latencies by route and upstream. A terminal gets a screen of its own that is drawn over
 * in place, and keeps the last picture; with `--once` it is one picture.
 */
export async function top(flags: TopFlags, context: CliContext): Promise<number> {
  const { stdout } = context;
  const onScreen = flags.once !== true && stdout.isTTY === true;
  const paint = paintFor(stdout);
  // What is read by a program, or kept, is whole.
  const size = (): Size => ({
    height: stdout.rows ?? 40,
    width: onScreen ? (stdout.columns ?? 80) : Number.POSITIVE_INFINITY,
  });
  let picture: TopPicture | undefined;
  let drawn = Number.NEGATIVE_INFINITY;
  const draw = (): void => {
    if (picture === undefined) return;
    const begins = drawn === Number.NEGATIVE_INFINITY;
    drawn = performance.now();
    const text = topText(picture, size(), paint);
    if (onScreen)
      stdout.write(`${begins ? ENTER : ""}${HOME}${text.replaceAll("\n", `${CLEAR_LINE}\n`)}${CLEAR_BELOW}`);
    else stdout.write(`${begins ? "" : "\n"}${text}`);
  };
  const leave = (): void => {
    if (onScreen && picture !== undefined && drawn !== Number.NEGATIVE_INFINITY)
      stdout.write(`${LEAVE}${topText(picture, size(), paint)}`);
    drawn = Number.NEGATIVE_INFINITY;
  };
  using keys = onScreen ? terminalKeys(context, { suspend: leave, resume: draw }) : undefined;
  const signal = keys === undefined ? context.signal : AbortSignal.any([context.signal, keys.signal]);
  try {
    for await (const message of trafficFeed(
      { filter: filterOf(flags), recentRows: 1, rowsPerSecond: 1, tableRows: 100, columns: 1 },
      flags,
      { ...context, signal },
    )) {
      if (message.type === "snapshot") picture = pictureOf(message);
      else if (message.type === "delta" && picture !== undefined) updatePicture(picture, message);
      else continue;
      if (message.type === "delta" && performance.now() - drawn < REDRAW_MS) continue;
      draw();
      if (flags.once === true) return 0;
    }
  } catch (error) {
    // What fails because somebody has seen enough is no failure.
    if (keys?.signal.aborted !== true) throw error;
  } finally {
    leave();
  }
  return stopCode(signal);
}
