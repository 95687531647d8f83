import type { ServerResponse } from "node:http";

export interface JsonAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What happens to a request instead: an answer, no answer ever, or an answer that breaks off. */
export type JsonFault = JsonAnswer | "hang" | "break";

export function sendJson(response: ServerResponse, answer: JsonFault): void {
  if (answer === "hang") return;
  if (answer === "break") {
    response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
    response.write('{"half": [');
    setImmediate(() => response.destroy());
    return;
  }
  response.writeHead(answer.status, { "content-type": "application/json", ...answer.headers });
  response.end(JSON.stringify(answer.body));
}
