import { type Agent, type OutgoingHttpHeaders, request as httpRequest } from "node:http";
import type { Request, Response } from "express";
import { ApiProblem } from "../api-problem.ts";
import { documentPolicy } from "./document-policy.ts";
import type { MonitoringTarget } from "./monitoring-target.ts";

/** Milliseconds without a byte: longer than Prometheus' own query timeout (2 minutes). */
const SILENCE = 125_000;
/** Bytes of a page that is read whole to write its policy. */
const LARGEST_PAGE = 2_000_000;

/** What belongs to one connection (RFC 9110 §7.6.1), or says who is asking us. */
const NOT_PASSED_ON = new Set([
  "authorization",
  "connection",
  "cookie",
  "expect",
  "forwarded",
  "host",
  "keep-alive",
  "origin",
  "proxy-authenticate",
  "proxy-authorization",
  "referer",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
]);
/** Ours to set, or not ours to plant. */
const NOT_PASSED_BACK = new Set([
  "access-control-allow-credentials",
  "access-control-allow-headers",
  "access-control-allow-methods",
  "access-control-allow-origin",
  "access-control-expose-headers",
  "connection",
  "content-security-policy",
  "keep-alive",
  "proxy-authenticate",
  "set-cookie",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "www-authenticate",
]);

export interface ForwardTo {
  /** For messages: `Prometheus`. */
  readonly name: string;
  readonly target: MonitoringTarget | undefined;
  readonly agent: Agent;
  /** Path and query below the target's URL, beginning with `/`. */
  readonly path: string;
  /** Instead of the request's own body. */
  readonly body?: string;
}

/** Passes a request on and its answer back, as a stream. Rejects with an {@link ApiProblem} when there is no answer. */
export async function forward(request: Request, response: Response, to: ForwardTo): Promise<void> {
  const url = to.target?.url();
  if (url === undefined) throw notRunning(to.name);
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  const outgoing = httpRequest({
    agent: to.agent,
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port,
    path: url.pathname.replace(/\/$/, "") + to.path,
    method: request.method,
    headers: requestHeaders(request, to),
    timeout: SILENCE,
    signal: gone.signal,
  });
  await new Promise<void>((resolve, reject) => {
    outgoing.once("timeout", () => outgoing.destroy(new Error(`no byte in ${SILENCE} ms`)));
    outgoing.once("error", (error) => {
      // The client left, or the answer had begun: there is nobody to tell.
      if (gone.signal.aborted || response.headersSent) {
        response.destroy();
        resolve();
      } else reject(notAnswering(to.name, error));
    });
    outgoing.once("response", (answer) => {
      response.status(answer.statusCode ?? 502);
      for (const [name, value] of Object.entries(answer.headers)) {
        if (value !== undefined && !NOT_PASSED_BACK.has(name)) response.setHeader(name, value);
      }
      answer.once("error", () => response.destroy());
      answer.once("close", resolve);
      if (!(answer.headers["content-type"] ?? "").startsWith("text/html")) {
        answer.pipe(response);
        return;
      }
      const chunks: Buffer[] = [];
      let size = 0;
      answer.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size > LARGEST_PAGE) answer.destroy(new Error("the page is too large"));
        else chunks.push(chunk);
      });
      answer.once("end", () => {
        const page = Buffer.concat(chunks);
        response.setHeader("Content-Security-Policy", documentPolicy(page.toString("utf8")));
        response.end(page);
      });
    });
    if (hasBody(request, to)) request.pipe(outgoing);
    else outgoing.end(to.body);
  });
}

/**
 * Whether the request's own body is passed on: of a POST alone, whose length is known. To node:http other methods have none: it
 * writes what is piped all the same, without any framing, and the other end reads it as the next request of the connection.
 */
function hasBody({ method, headers }: Pick<Request, "method" | "headers">, to: ForwardTo): boolean {
  return to.body === undefined && method === "POST" && headers["content-length"] !== undefined;
}

function requestHeaders(request: Request, to: ForwardTo): OutgoingHttpHeaders {
  const passed: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(request.headers)) if (!NOT_PASSED_ON.has(name)) passed[name] = value;
  if (!hasBody(request, to)) delete passed["content-length"];
  // A page is read to write its policy: it has to come as text.
  passed["accept-encoding"] = "identity";
  if (to.target?.authorization !== undefined) passed["authorization"] = to.target.authorization;
  if (to.body !== undefined) passed["content-length"] = Buffer.byteLength(to.body);
  return passed;
}

export function notRunning(name: string): ApiProblem {
  return new ApiProblem(
    503,
    `${name} is not running`,
    "the appliance has none at the moment",
    "look at its state in `binnacle status`; traffic is not touched",
  );
}

export function notAnswering(name: string, cause: unknown): ApiProblem {
  const fix = "try again in a moment; `binnacle status` shows its state";
  return new ApiProblem(502, `${name} does not answer`, "the connection to it failed or timed out", fix, { cause });
}
