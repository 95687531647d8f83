/**
 * Collects all garbage of this thread and gives the emptied pages back to the system: after work that happens once and left
 * much of it behind, for V8 would keep that for hours. The thread stands still meanwhile: half a second with 170 MB in use.
 * Does nothing where Node was not started with `--expose-gc`.
 */
export function giveBackMemory(): void {
  // The ordinary collection leaves the pages of what it frees half empty, and keeps them.
  globalThis.gc?.({ type: "major", flavor: "last-resort", execution: "sync" });
}
