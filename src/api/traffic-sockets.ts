import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type RawData, type WebSocket, WebSocketServer } from "ws";
import { errorMessage } from "#lib/error-message.ts";
import type { Logger } from "#lib/log.ts";
import { ApiProblem } from "./api-problem.ts";
import type { Authenticator, SignedIn } from "./auth/authenticator.ts";
import { isSamePrincipal } from "./auth/principal.ts";
import type { Gate } from "./gate.ts";
import type { TrafficView } from "./ports/traffic.ts";
import { refuseUpgrade } from "./refuse-upgrade.ts";

export const TRAFFIC_PATH = "/api/v1/traffic";

/** Bytes that wait in a socket until it is given no further frame: its picture grows old, its memory does not grow. */
const FRAME_BUDGET = 1_000_000;
/** Bytes at which it is cut: a feed sends beyond the budget only the answers that were asked for. */
const HARD_LIMIT = 16_000_000;
/** A subscription with every filter is a few thousand bytes. */
const LARGEST_MESSAGE = 64_000;
const MESSAGES_PER_SECOND = 30;
/** Milliseconds between pings; a socket that misses one whole interval is dead. */
const HEARTBEAT = 15_000;
/** Milliseconds for a close to be answered. */
const CLOSE_PATIENCE = 1_000;

/** What one user may take of all live views, so that there are some left for others. */
const SHARE_OF_ONE = 0.25;

/** WebSocket close codes: RFC 6455 §7.4.1, and ours from 4000 on. */
export const CLOSE_GOING_AWAY = 1001;
export const CLOSE_POLICY = 1008;
export const CLOSE_TRY_LATER = 1013;
export const CLOSE_SIGNED_OUT = 4401;
/** Come back and be shown what may be seen now. */
export const CLOSE_OTHER_RIGHTS = 4403;

export interface TrafficSocketsOptions {
  readonly gate: Gate;
  readonly authenticator: Authenticator;
  readonly traffic: TrafficView;
  readonly log: Logger;
  /** Sockets at a time. */
  readonly most: number;
}

/** The WebSockets of live traffic: who may open one, how much may wait in it, when it ends. */
export class TrafficSockets implements AsyncDisposable {
  readonly #options: TrafficSocketsOptions;
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: LARGEST_MESSAGE, perMessageDeflate: false });
  readonly #alive = new WeakSet<WebSocket>();
  readonly #signedIn = new Map<WebSocket, SignedIn>();
  readonly #heartbeat: NodeJS.Timeout;
  #closing = false;

  constructor(options: TrafficSocketsOptions) {
    this.#options = options;
    this.#heartbeat = setInterval(() => this.#beat(), HEARTBEAT).unref();
  }

  /** Sockets that are open now. */
  get open(): number {
    return this.#signedIn.size;
  }

  /** An HTTP server's `upgrade` event. Never rejects. */
  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on("error", () => socket.destroy());
    try {
      const authentication = await this.#admit(request);
      this.#server.handleUpgrade(request, socket, head, (webSocket) => this.#begin(webSocket, authentication));
    } catch (error) {
      if (!(error instanceof ApiProblem)) this.#options.log.error("upgrade failed", { error: errorMessage(error) });
      refuseUpgrade(socket, error);
    }
  }

  async #admit(request: IncomingMessage): Promise<SignedIn> {
    const { gate, most } = this.#options;
    const mostOfOne = Math.ceil(most * SHARE_OF_ONE);
    gate.checkHost(request);
    const authentication = await gate.identify(request);
    gate.checkSocketPage(request, authentication);
    const signedIn = gate.requireSignedIn(authentication);
    if (new URL(request.url ?? "/", "http://own.invalid").pathname !== TRAFFIC_PATH) {
      throw new ApiProblem(404, "No WebSocket here", "this path is none", `open ${TRAFFIC_PATH}`);
    }
    if (this.#closing || this.#signedIn.size >= most) {
      throw new ApiProblem(503, "Too many viewers", `${most} live views are open`, "close one, or try again later");
    }
    const { grounds, principal } = signedIn;
    const own = [...this.#signedIn.values()].filter(
      (other) => other.grounds.type !== "token" && other.principal.name === principal.name,
    );
    if (grounds.type !== "token" && own.length >= mostOfOne) {
      throw new ApiProblem(503, "Too many views", `you have ${own.length} live views open`, "close one");
    }
    return signedIn;
  }

  #begin(webSocket: WebSocket, authentication: SignedIn): void {
    const { principal } = authentication;
    const log = this.#options.log;
    this.#signedIn.set(webSocket, authentication);
    this.#alive.add(webSocket);
    const session = this.#options.traffic.open({
      name: principal.name,
      scope: principal.namespaces,
      operates: principal.operates,
      isReady: () => webSocket.readyState === webSocket.OPEN && webSocket.bufferedAmount < FRAME_BUDGET,
      send: (message, text) => {
        if (webSocket.readyState !== webSocket.OPEN) return;
        webSocket.send(text ?? JSON.stringify(message));
        if (webSocket.bufferedAmount <= HARD_LIMIT) return;
        log.warn("a live view was too slow and is cut", {
          principal: principal.name,
          waiting: webSocket.bufferedAmount,
        });
        webSocket.terminate();
      },
    });
    const isTooMuch = messageLimit();
    webSocket.on("pong", () => this.#alive.add(webSocket));
    webSocket.on("message", (data: RawData, isBinary: boolean) => {
      // Whoever is shown out may take half a minute to close: what they say meanwhile is nobody's.
      if (webSocket.readyState !== webSocket.OPEN) return;
      if (isBinary || isTooMuch()) {
        webSocket.close(CLOSE_POLICY, isBinary ? "text messages only" : "too many messages");
        return;
      }
      session.receive(textOf(data));
    });
    // What ws reports here (a broken frame, a lost connection) ends in `close`.
    webSocket.on("error", (error) => log.debug("live view failed", { error: errorMessage(error) }));
    webSocket.on("close", () => {
      this.#signedIn.delete(webSocket);
      session.close();
    });
  }

  /** A session that was ended takes its sockets with it. */
  endSession(sessionId: string): void {
    for (const [webSocket, authentication] of this.#signedIn) {
      if (authentication.type === "session" && authentication.sessionId === sessionId) {
        webSocket.close(CLOSE_SIGNED_OUT, "signed out");
      }
    }
  }

  #beat(): void {
    for (const [webSocket, authentication] of this.#signedIn) {
      if (!this.#alive.delete(webSocket)) {
        webSocket.terminate();
        continue;
      }
      webSocket.ping();
      void this.#checkRights(webSocket, authentication);
    }
  }

  /** Looks at once whether everybody may still see what they are shown. */
  recheck(): void {
    for (const [webSocket, authentication] of this.#signedIn) void this.#checkRights(webSocket, authentication);
  }

  /** A session may end by its time, a user's rights by a change. */
  async #checkRights(webSocket: WebSocket, signedIn: SignedIn): Promise<void> {
    try {
      const principal = await this.#options.authenticator.current(signedIn);
      if (principal === undefined) webSocket.close(CLOSE_SIGNED_OUT, "the session is over");
      else if (!isSamePrincipal(principal, signedIn.principal)) webSocket.close(CLOSE_OTHER_RIGHTS, "other rights now");
    } catch (error) {
      // Who cannot be asked about is shown nothing more.
      webSocket.close(CLOSE_TRY_LATER, error instanceof ApiProblem ? error.title : "try again later");
    }
  }

  /** Closes every socket with 1001 and waits for the answers, briefly. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true;
    clearInterval(this.#heartbeat);
    await Promise.all([...this.#signedIn.keys()].map((webSocket) => closeSocket(webSocket)));
    this.#server.close();
  }
}

/** One text message: ws gives it as the bytes it came in, UTF-8 that it has checked. */
function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString("utf8");
  return (data instanceof ArrayBuffer ? Buffer.from(data) : data).toString("utf8");
}

async function closeSocket(webSocket: WebSocket): Promise<void> {
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(() => webSocket.terminate(), CLOSE_PATIENCE);
  webSocket.once("close", resolve);
  webSocket.close(CLOSE_GOING_AWAY, "going away");
  await closed;
  clearTimeout(timer);
}

/** Says at each message whether it is one too many in its second. */
function messageLimit(): () => boolean {
  let second = 0;
  let count = 0;
  return () => {
    const now = Math.floor(performance.now() / 1000);
    if (now !== second) {
      second = now;
      count = 0;
    }
    count++;
    return count > MESSAGES_PER_SECOND;
  };
}
