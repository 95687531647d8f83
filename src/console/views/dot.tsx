import type { Tone } from "../words/health-words.ts";

/** A tone as a shape as well as a colour: round is good, a diamond warns, a square is bad, a ring says nothing yet. */
export function Dot({ tone }: { readonly tone: Tone }) {
  return <span class={`dot tone-${tone}`} aria-hidden="true" />;
}
