import { type IncomingHttpHeaders, type IncomingMessage, request as plain } from "node:http";
import { request as secure } from "node:https";
import type { ExplainQuestion } from "#api/ports/explain.ts";
import { errorMessage } from "#lib/error-message.ts";

const TIMEOUT_MS = 30_000;

/**
 * One request on a connection of its own to a listener, whatever its host is called. Certificates are not verified: it is
 * the routing that is asked about.
 */
export async function sendRequest(
  { address, port }: { readonly address: string; readonly port: number },
  question: ExplainQuestion,
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly headers: IncomingHttpHeaders } | { readonly failure: string }> {
  const { method, authority, target, headers, serverName = authority.replace(/:\d+$/, "") } = question;
  const bound = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
  const common = { host: address, port, method, path: target, agent: false, signal: bound } as const;
  const byName = Map.groupBy(headers, ([name]) => name.toLowerCase());
  const own = [...byName].map(([name, values]) => [name, values.map(([, value]) => value)] as const);
  const all = { host: authority, ...Object.fromEntries(own) };
  const request = question.secure
    ? secure({ ...common, headers: all, servername: serverName, rejectUnauthorized: false })
    : plain({ ...common, headers: all });
  try {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    request.once("response", resolve).once("error", reject).end();
    const response = await promise;
    response.resume();
    return { status: response.statusCode ?? 0, headers: response.headers };
  } catch (error) {
    signal.throwIfAborted();
    return { failure: errorMessage(error) };
  }
}
