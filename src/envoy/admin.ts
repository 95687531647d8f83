import { type IncomingMessage, request } from "node:http";
import { buffer } from "node:stream/consumers";
import { z } from "zod";
import { errorMessage } from "#lib/error-message.ts";

export interface AdminCallOptions {
  readonly signal?: AbortSignal;
  /** Bound of the whole exchange. */
  readonly timeoutMs?: number;
}

export interface AdminAnswer {
  readonly status: number;
  readonly body: Buffer;
}

/** What /server_info says, as far as we ask. */
export interface ServerInfo {
  /** `<commit>/<version>/<state of the tree>/<build>/<TLS library>`, as `envoy --version` prints it. */
  readonly version: string;
  readonly state: "LIVE" | "DRAINING" | "PRE_INITIALIZING" | "INITIALIZING";
  readonly hotRestartVersion: string;
  readonly epoch: number;
  readonly configPath: string;
}

/** The admin interface did not answer, or not as it should: the message says where, what and why. */
export class AdminError extends Error {
  override readonly name = "AdminError";
}

const DEFAULT_TIMEOUT_MS = 5000;

const serverInfo = z.object({
  version: z.string(),
  state: z.enum(["LIVE", "DRAINING", "PRE_INITIALIZING", "INITIALIZING"]),
  hot_restart_version: z.string(),
  command_line_options: z.object({ restart_epoch: z.number(), config_path: z.string() }),
});

/**
 * Envoy's admin interface over its Unix socket (envoyproxy.io, "Administration interface"). Each call has a connection of
 * its own: a socket is cheap, and the process behind the path may be another one by the next call.
 */
export class EnvoyAdmin {
  readonly socketPath: string;

  constructor(socketPath: string) {
    this.socketPath = socketPath;
  }

  /** Any page, whatever its status. Throws {@link AdminError} when there is no whole answer in time. */
  async call(method: "GET" | "POST", path: string, options: AdminCallOptions = {}): Promise<AdminAnswer> {
    const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    const timeout = AbortSignal.timeout(timeoutMs);
    const signal = options.signal === undefined ? timeout : AbortSignal.any([options.signal, timeout]);
    try {
      const response = await this.#send(method, path, signal);
      return { status: response.statusCode ?? 0, body: await buffer(response) };
    } catch (cause) {
      options.signal?.throwIfAborted();
      const what = timeout.aborted
        ? `did not answer within ${timeoutMs} ms`
        : `could not be asked: ${errorMessage(cause)}`;
      throw new AdminError(`Envoy's admin interface at ${this.socketPath}: ${method} ${path} ${what}`, { cause });
    }
  }

  /** The body of a page that answers 200. */
  get(path: string, options?: AdminCallOptions): Promise<Buffer> {
    return this.#ok("GET", path, options);
  }

  /**
   * The body of a page that answers 200, as it comes: some are tens of megabytes. What ends it early, the bound of the whole
   * exchange too, throws where it is read.
   */
  async open(
    path: string,
    { signal, timeoutMs = DEFAULT_TIMEOUT_MS }: AdminCallOptions = {},
  ): Promise<AsyncIterable<Buffer>> {
    const timeout = AbortSignal.timeout(timeoutMs);
    const response = await this.#send("GET", path, signal === undefined ? timeout : AbortSignal.any([signal, timeout]));
    if (response.statusCode === 200) return response;
    throw this.#refusal("GET", path, response.statusCode ?? 0, await buffer(response));
  }

  post(path: string, options?: AdminCallOptions): Promise<Buffer> {
    return this.#ok("POST", path, options);
  }

  /** Whether Envoy serves: started, configured, and not told to fail health checks. */
  async isReady(options?: AdminCallOptions): Promise<boolean> {
    return (await this.call("GET", "/ready", options)).status === 200;
  }

  async serverInfo(options?: AdminCallOptions): Promise<ServerInfo> {
    const body = await this.get("/server_info", options);
    const info = serverInfo.safeParse(JSON.parse(body.toString("utf8")));
    if (!info.success) {
      throw new AdminError(`Envoy's /server_info is not as expected: ${z.prettifyError(info.error)}`);
    }
    const { version, state, hot_restart_version, command_line_options: options_ } = info.data;
    return {
      version,
      state,
      hotRestartVersion: hot_restart_version,
      epoch: options_.restart_epoch,
      configPath: options_.config_path,
    };
  }

  /** `name: value` lines of the statistics whose name matches (RE2). */
  async stats(filter: string, options?: AdminCallOptions): Promise<string> {
    return (await this.get(`/stats?filter=${encodeURIComponent(filter)}`, options)).toString("utf8");
  }

  /** Every cluster with its endpoints, health and counters, as Envoy's JSON; some MB at a thousand clusters. */
  clusters(options?: AdminCallOptions): Promise<Buffer> {
    return this.get("/clusters?format=json", options);
  }

  /** From now on health checks fail and connections are closed after the response that they are at. */
  async failHealthChecks(options?: AdminCallOptions): Promise<void> {
    await this.post("/healthcheck/fail", options);
  }

  /**
   * Listeners stop accepting; connections that stand go on. `graceful` goes on accepting for `--drain-time-s` first,
   * asking clients to leave.
   */
  async drainListeners(graceful: boolean, options?: AdminCallOptions): Promise<void> {
    await this.post(graceful ? "/drain_listeners?graceful" : "/drain_listeners", options);
  }

  /** Ends Envoy at once, in order. */
  async quit(options?: AdminCallOptions): Promise<void> {
    await this.post("/quitquitquit", options);
  }

  async #ok(method: "GET" | "POST", path: string, options: AdminCallOptions = {}): Promise<Buffer> {
    const { status, body } = await this.call(method, path, options);
    if (status === 200) return body;
    throw this.#refusal(method, path, status, body);
  }

  #refusal(method: "GET" | "POST", path: string, status: number, body: Buffer): AdminError {
    const words = body.toString("utf8").trim().slice(0, 300);
    return new AdminError(
      `Envoy's admin interface at ${this.socketPath}: ${method} ${path} answered ${status}: ${words}`,
    );
  }

  #send(method: string, path: string, signal: AbortSignal): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      request({ socketPath: this.socketPath, method, path, agent: false, signal })
        .once("response", resolve)
        .once("error", reject)
        .end();
    });
  }
}
