import { styleText } from "node:util";
import type { CliContext } from "./context.ts";

/** How a text stands out at a terminal: `bad` has failed, `poor` is worth a look, `faint` is there for who wants it. */
export type Ink = "bad" | "poor" | "strong" | "faint";
export type Paint = (ink: Ink, text: string) => string;

const FORMATS = { bad: "red", poor: "yellow", strong: "bold", faint: "dim" } as const satisfies Record<Ink, string>;

/** Colours where the stream is a terminal that has them, and nobody has set NO_COLOR; else the text as it is. */
export function paintFor(stream: CliContext["stdout"]): Paint {
  return (ink, text) => styleText(FORMATS[ink], text, { stream });
}
