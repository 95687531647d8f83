import type { Tone } from "./health-words.ts";

/** A part of the appliance in a word or two, and line by line. */
export interface Chip {
  readonly name: string;
  /** Over its lines, where that is more than the name. */
  readonly title?: string;
  readonly tone: Tone;
  readonly words: string;
  readonly lines: readonly { readonly tone: Tone; readonly name: string; readonly words: string }[];
  /** Below its lines: the page that says what to do. */
  readonly link?: { readonly href: string; readonly words: string };
}
