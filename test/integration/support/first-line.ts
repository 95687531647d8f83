import type { Readable } from "node:stream";
import { createInterface } from "node:readline";

/** The first line of a stream; throws when it ends without one. */
export async function firstLine(stream: Readable): Promise<string> {
  for await (const line of createInterface(stream)) return line;
  throw new Error("the stream ended without a line");
}
