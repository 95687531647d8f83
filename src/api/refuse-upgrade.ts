import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { ApiProblem, type ProblemAnswer } from "./api-problem.ts";

/** Answers an upgrade with an HTTP error, as {@link problemHandler} does on ordinary requests, and ends the connection. */
export function refuseUpgrade(socket: Duplex, error: unknown): void {
  const problem = error instanceof ApiProblem ? error : undefined;
  const status = problem?.status ?? 500;
  const body: ProblemAnswer = {
    title: problem?.title ?? "Internal error",
    detail: problem?.detail ?? "the request could not be handled",
    fix: problem?.fix ?? "look into the log",
  };
  const text = JSON.stringify(body);
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`,
      "Connection: close",
      "Content-Type: application/json",
      `Content-Length: ${Buffer.byteLength(text)}`,
      "X-Content-Type-Options: nosniff",
      "",
      text,
    ].join("\r\n"),
    // The server's connections may be half open: one that its client does not close would stay for ever.
    () => socket.destroy(),
  );
}
