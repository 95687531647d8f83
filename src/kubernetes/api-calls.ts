import type { IncomingMessage } from "node:http";
import { errorMessage } from "#lib/error-message.ts";
import { retryAfter } from "#lib/retry-after.ts";
import type { ObservedCall, Verb } from "./client.ts";
import type { Clock } from "./clock.ts";
import type { CredentialReader, Credentials } from "./credentials.ts";
import type { Deadline } from "./deadline.ts";
import { KubeError } from "./kube-error.ts";
import type { RateLimiter } from "./rate-limit.ts";
import { readBody, type Transport, type TransportRequest } from "./transport.ts";

/** One call as the API's paths say it. */
export interface ApiCall {
  readonly verb: Verb;
  /** As metrics name it. */
  readonly resource: string;
  readonly method: TransportRequest["method"];
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
  /** Milliseconds, counted from when it is sent. */
  readonly timeout: number;
}

export interface ApiCallsOptions {
  readonly transport: Transport;
  readonly credentials: CredentialReader;
  readonly limiter: RateLimiter;
  readonly clock: Clock;
  readonly observe: (call: ObservedCall) => void;
}

/** How often a call that the server puts off (429) is made again before its caller hears of it. */
const PUT_OFF_TRIES = 3;

/** Milliseconds: a server that wants more than that is asked again all the same. */
const LONGEST_PUT_OFF = 60_000;

/** Makes calls: in their turn, with credentials that are renewed after a 401, again when the server puts them off, counted. */
export class ApiCalls {
  readonly #options: ApiCallsOptions;

  constructor(options: ApiCallsOptions) {
    this.#options = options;
  }

  /** The whole answer as JSON. Throws {@link KubeError}. */
  json(call: ApiCall, deadline: Deadline): Promise<unknown> {
    return this.#call(call, deadline, async (answer, request) => {
      const text = await readBody(answer, request);
      try {
        return JSON.parse(text) as unknown;
      } catch (cause) {
        throw new KubeError(`${request.call}: the answer is no JSON`, { code: 0, reason: "Malformed", cause });
      }
    });
  }

  /** An answer that has begun well, to be read on. Throws {@link KubeError}. */
  open(call: ApiCall, deadline: Deadline): Promise<{ answer: IncomingMessage; request: TransportRequest }> {
    return this.#call(call, deadline, (answer, request) => Promise.resolve({ answer, request }));
  }

  async #call<T>(
    call: ApiCall,
    deadline: Deadline,
    read: (answer: IncomingMessage, request: TransportRequest) => Promise<T>,
  ): Promise<T> {
    let renewed = false;
    for (let putOff = 0; ;) {
      await this.#options.limiter.turn(deadline.signal);
      deadline.within(call.timeout, "no answer");
      const credentials = await this.#current(call, deadline);
      let failure: KubeError;
      try {
        return await this.#once(call, credentials, deadline.signal, read);
      } catch (error) {
        if (!(error instanceof KubeError)) throw error;
        failure = error;
      }
      if (failure.code === 401 && !renewed) {
        renewed = true;
        if ((await this.#renewed(credentials, deadline)) !== credentials) continue;
      }
      if (failure.code !== 429 || failure.retryAfter === undefined || ++putOff > PUT_OFF_TRIES) throw failure;
      deadline.rest();
      await deadline.pause(failure.retryAfter);
    }
  }

  async #once<T>(
    call: ApiCall,
    credentials: Credentials,
    signal: AbortSignal,
    read: (answer: IncomingMessage, request: TransportRequest) => Promise<T>,
  ): Promise<T> {
    const { clock, observe, transport } = this.#options;
    const { verb, resource } = call;
    const started = clock.monotonic();
    let code = 0;
    const request: TransportRequest = {
      method: call.method,
      path: call.path,
      body: call.body === undefined ? undefined : JSON.stringify(call.body),
      contentType: call.contentType,
      call: wordsOf(call),
      credentials,
      signal,
    };
    try {
      const answer = await transport.send(request, verb === "watch" ? "watch" : "call");
      const status = answer.statusCode ?? 0;
      if (status < 200 || status > 299) {
        const body = parsed(await readBody(answer, request));
        code = status;
        throw KubeError.fromAnswer(request.call, status, body, putOff(answer));
      }
      const value = await read(answer, request);
      code = status;
      return value;
    } finally {
      observe({ verb, resource, code, seconds: (clock.monotonic() - started) / 1000 });
    }
  }

  async #current(call: ApiCall, deadline: Deadline): Promise<Credentials> {
    try {
      return await deadline.race(this.#options.credentials.current());
    } catch (cause) {
      deadline.signal.throwIfAborted();
      throw new KubeError(`${wordsOf(call)}: ${errorMessage(cause)}`, { code: 0, reason: "Credentials", cause });
    }
  }

  /** The same when there are no others. */
  async #renewed(refused: Credentials, deadline: Deadline): Promise<Credentials> {
    try {
      return await deadline.race(this.#options.credentials.renew(refused));
    } catch {
      return refused;
    }
  }
}

/** `list services`, `patch /apis/…/ingresses/web`: a list's path says no more than its resource. */
export function wordsOf({ verb, resource, path }: ApiCall): string {
  return verb === "list" || verb === "watch" ? `${verb} ${resource}` : `${verb} ${path.replace(/\?.*/, "")}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Milliseconds; undefined where the server says nothing. */
function putOff({ headers }: IncomingMessage): number | undefined {
  const header = headers["retry-after"];
  return header === undefined ? undefined : Math.min(retryAfter(header, Date.now()), LONGEST_PUT_OFF);
}
