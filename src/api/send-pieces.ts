import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { hasCode } from "#lib/error-code.ts";
import type { Response } from "express";

/**
 * Answers with a long JSON text whose pieces are made only as fast as they are taken: a slow reader, or one that reads
 * nothing, costs a piece and not the whole. A client that goes away before the end is no failure.
 */
export async function sendPieces(response: Response, pieces: Iterable<string>): Promise<void> {
  response.type("json");
  if (response.req.method === "HEAD") {
    response.end();
    return;
  }
  try {
    await pipeline(Readable.from(pieces), response);
  } catch (error) {
    if (!hasCode(error, "ERR_STREAM_PREMATURE_CLOSE")) throw error;
  }
}
