import type { IncomingMessage } from "node:http";
import type { Logger } from "#lib/log.ts";
import { ApiProblem, notSignedIn } from "./api-problem.ts";
import { type Authentication, type Authenticator, isSignedIn, type SignedIn } from "./auth/authenticator.ts";
import type { FailureLimit } from "./auth/failure-limit.ts";
import { foreignPage } from "./guard/foreign-page.ts";
import type { ApiObserver } from "./ports/api-observer.ts";
import type { OwnHosts } from "./guard/own-hosts.ts";

export interface GateOptions {
  /** Asked at each request: the port is known only once the server listens. */
  readonly hosts: () => OwnHosts;
  readonly authenticator: Authenticator;
  readonly failures: FailureLimit;
  readonly observer: ApiObserver;
  readonly log: Logger;
}

/** Every request and every WebSocket passes here, in this order: the name it calls us by, the page it comes from, who it is. */
export class Gate {
  readonly #options: GateOptions;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /** Throws 421 when the request means another server: a foreign name that was pointed at this address. */
  checkHost(request: IncomingMessage): void {
    if (this.#options.hosts().isOwnHost(request.headers.host)) return;
    this.#options.observer.authFailed("host");
    throw new ApiProblem(
      421,
      "Not this server",
      "the Host header names a server that this is not",
      "call it by its own address, or add the name to `api.allowedHosts` in binnacle.yaml",
    );
  }

  /** Throws 403 when a page of another site made the request. */
  checkPage(request: IncomingMessage, authentication: Authentication): void {
    const withCookie = authentication.type === "session";
    const reason = foreignPage(request.method ?? "GET", request.headers, this.#options.hosts(), withCookie);
    if (reason !== undefined) throw this.#foreign(reason);
  }

  /** Browsers send Origin with every WebSocket, and no other rule keeps foreign pages from opening one (RFC 6455 §10.2). */
  checkSocketPage(request: IncomingMessage, authentication: Authentication): void {
    const { origin } = request.headers;
    if (origin === undefined ? authentication.type === "session" : !this.#options.hosts().isOwnOrigin(origin)) {
      throw this.#foreign(
        origin === undefined ? "it has a session cookie but no Origin" : "its Origin is not this console",
      );
    }
  }

  /** Who asks; `none` when nobody in particular. Throws 401 for wrong credentials, 429 when they come too often. */
  async identify(request: IncomingMessage): Promise<Authentication> {
    const authentication = await this.#options.authenticator.identify(request.headers, () => this.admit(request));
    if (authentication.type === "wrong") {
      this.noteFailure(request);
      throw this.tooMany(request) ?? notSignedIn();
    }
    return authentication;
  }

  /** Throws 401 when nobody in particular asks. */
  requireSignedIn(authentication: Authentication): SignedIn {
    if (isSignedIn(authentication)) return authentication;
    this.#options.observer.authFailed("credentials");
    throw notSignedIn();
  }

  /** Notes wrong credentials. */
  noteFailure(request: IncomingMessage): void {
    const address = request.socket.remoteAddress ?? "";
    this.#options.observer.authFailed("credentials");
    if (this.#options.failures.fail(address))
      this.#options.log.warn("many failed sign-ins: further ones wait", { address });
  }

  /** Throws 429 for an address that failed too often. */
  admit(request: IncomingMessage): void {
    const problem = this.tooMany(request);
    if (problem !== undefined) throw problem;
  }

  /** The answer to an address that failed too often, or undefined. */
  tooMany(request: IncomingMessage): ApiProblem | undefined {
    const wait = this.#options.failures.wait(request.socket.remoteAddress ?? "");
    if (wait === 0) return undefined;
    const seconds = Math.ceil(wait / 1000);
    return new ApiProblem(
      429,
      "Too many failed attempts",
      "this address gave wrong credentials too often",
      `wait ${seconds} s`,
    );
  }

  #foreign(reason: string): ApiProblem {
    this.#options.observer.authFailed("origin");
    return new ApiProblem(403, "Refused", reason, "open the console at its own address and try there");
  }
}
