/** For a flag that may come again: its values so far, and this one. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
