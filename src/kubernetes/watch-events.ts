import type { IncomingMessage } from "node:http";
import { isMap } from "#lib/schema-rules.ts";
import { KubeError } from "./kube-error.ts";
import type { KubeObject } from "./resource-type.ts";
import { type TransportRequest, unreachableServer } from "./transport.ts";

/** One line of a watch. A bookmark's object has nothing but its resourceVersion. */
export interface WatchEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK";
  readonly object: KubeObject;
}

/** Far more than etcd lets an object be (1.5 MiB), in bytes. */
const LONGEST_LINE = 16 * 1024 * 1024;

const NEWLINE = 0x0a;

/**
 * Reads a watch, one JSON object a line, until the server ends it. Throws what an ERROR event says, and `Unreachable` when the
 * stream is torn.
 *
 * @param heard called for each chunk of bytes
 */
export async function* parseWatch(
  answer: IncomingMessage,
  request: TransportRequest,
  heard: () => void,
): AsyncGenerator<WatchEvent> {
  let rest: Buffer[] = [];
  let size = 0;
  const chunks = answer[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  for (;;) {
    let next: IteratorResult<Buffer>;
    try {
      next = await chunks.next();
    } catch (error) {
      if (request.signal.aborted) throw request.signal.reason;
      throw unreachableServer(request, error);
    }
    if (next.done === true) return;
    heard();
    let chunk = next.value;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE)) {
      const line = Buffer.concat([...rest, chunk.subarray(0, end)]).toString();
      rest = [];
      size = 0;
      chunk = chunk.subarray(end + 1);
      if (line !== "") yield eventOf(line, request);
    }
    if (chunk.length === 0) continue;
    rest.push(chunk);
    size += chunk.length;
    if (size > LONGEST_LINE) throw malformed(request, "a line is too long");
  }
}

function eventOf(line: string, request: TransportRequest): WatchEvent {
  let event: unknown;
  try {
    event = JSON.parse(line);
  } catch {
    throw malformed(request, "a line is no JSON");
  }
  if (!isMap(event) || !isMap(event["object"])) throw malformed(request, "a line is no event");
  const { type, object } = event as { type: unknown; object: Readonly<Record<string, unknown>> };
  switch (type) {
    case "ADDED":
    case "MODIFIED":
    case "DELETED":
    case "BOOKMARK":
      if (!isMap(object["metadata"])) throw malformed(request, "an event's object has no metadata");
      return { type, object: object as unknown as KubeObject };
    case "ERROR":
      throw KubeError.fromAnswer(request.call, typeof object["code"] === "number" ? object["code"] : 500, object);
    default:
      throw malformed(request, `an event of the unknown type ${JSON.stringify(type)}`);
  }
}

function malformed({ call }: TransportRequest, what: string): KubeError {
  return new KubeError(`${call}: ${what}`, { code: 0, reason: "Malformed" });
}
