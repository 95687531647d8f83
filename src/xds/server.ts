import { hostPort } from "#lib/host-port.ts";
import * as grpc from "@grpc/grpc-js";
import { errorMessage } from "#lib/error-message.ts";
import type { Logger } from "#lib/log.ts";
import { placeGrpcSocket } from "#lib/place-grpc-socket.ts";
import type { DeltaDiscoveryRequest } from "#proto/envoy/service/discovery/v3/discovery.ts";
import { ADS_SERVICE, type AdsCall } from "./ads-service.ts";
import { alternativeNames } from "./remote-names.ts";
import type { Snapshot } from "./snapshot.ts";
import { AdsStream } from "./stream.ts";
import type { StreamEvents } from "./stream-events.ts";

export interface XdsClient {
  /** `node.id` of the Envoy, empty until it has said it. */
  readonly node: string;
  /** Milliseconds since the epoch. */
  readonly connectedAt: number;
  /** Address and port on another machine; undefined over the Unix socket. */
  readonly address: string | undefined;
  /** The alternative names in its certificate; none over the Unix socket. */
  readonly names: readonly string[];
}

export interface ConnectedClient extends XdsClient {
  /** Whether it has yet to answer something that was sent to it. */
  readonly isBehind: boolean;
}

export interface XdsServerEvents extends StreamEvents {
  connected?(client: XdsClient): void;
  disconnected?(client: XdsClient): void;
  /** A client that did not read or answer was cut. */
  cut?(client: XdsClient): void;
}

export interface XdsServerOptions {
  readonly snapshot: Snapshot;
  readonly log: Logger;
  readonly events?: XdsServerEvents;
  /** A client that has left its stream full for this long is cut. Milliseconds. */
  readonly stuckLimit?: number;
  /** How many server names a client may have borrowed certificates for; see BorrowedNames. */
  readonly mostBorrowed?: number;
}

const STUCK_LIMIT_MS = 30_000;

/** Serves a snapshot over delta ADS to any number of Envoys; each has its stream, none waits for another. */
export class XdsServer implements AsyncDisposable {
  readonly #options: XdsServerOptions;
  readonly #server: grpc.Server;
  readonly #sockets = new AsyncDisposableStack();
  readonly #clients = new Map<AdsCall, { readonly client: XdsClient & { node: string }; readonly stream: AdsStream }>();

  constructor(options: XdsServerOptions) {
    this.#options = options;
    this.#server = new grpc.Server({
      "grpc.max_receive_message_length": -1,
      "grpc.keepalive_time_ms": 15_000,
      "grpc.keepalive_timeout_ms": 10_000,
    });
    this.#server.addService(ADS_SERVICE, { DeltaAggregatedResources: (call: AdsCall) => this.#accept(call) });
  }

  get clients(): readonly ConnectedClient[] {
    return [...this.#clients.values()].map(({ client, stream }) => ({
      ...client,
      isBehind: stream.unansweredSince().size > 0,
    }));
  }

  /** Responses that were sent and not answered yet: the oldest of each Envoy (by its node id) and type, milliseconds since the epoch. */
  unanswered(): readonly { readonly node: string; readonly type: string; readonly since: number }[] {
    const epoch = Date.now() - performance.now();
    return [...this.#clients.values()].flatMap(({ client: { node }, stream }) =>
      [...stream.unansweredSince()].map(([type, at]) => ({ node, type, since: epoch + at })),
    );
  }

  /** Listens on a Unix socket, and sees to it that it stays in its place. */
  async listenUnix(path: string): Promise<void> {
    try {
      this.#sockets.use(await placeGrpcSocket(this.#server, path, this.#options.log));
    } catch (cause) {
      throw new Error(`could not listen for xDS on unix:${path}`, { cause });
    }
  }

  /** Listens on TCP with the given credentials. Returns the port. */
  listenTcp(address: string, port: number, credentials: grpc.ServerCredentials): Promise<number> {
    return this.#bind(hostPort(address, port), credentials);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sockets.disposeAsync();
    for (const call of this.#clients.keys()) call.end();
    await new Promise<void>((resolve) => {
      const force = setTimeout(() => this.#server.forceShutdown(), 1_000);
      this.#server.tryShutdown(() => {
        clearTimeout(force);
        resolve();
      });
    });
  }

  #bind(target: string, credentials: grpc.ServerCredentials): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.bindAsync(target, credentials, (error, port) => {
        if (error === null) resolve(port);
        else reject(new Error(`could not listen for xDS on ${target}`, { cause: error }));
      });
    });
  }

  #accept(call: AdsCall): void {
    const { snapshot, events = {}, log, stuckLimit = STUCK_LIMIT_MS, mostBorrowed } = this.#options;
    const client = { node: "", connectedAt: Date.now(), ...origin(call) };
    const stream = new AdsStream({
      snapshot,
      send: (response) => call.write(response),
      events,
      ...(mostBorrowed === undefined ? {} : { mostBorrowed }),
      now: () => performance.now(),
      setTimer: (run, millis) => {
        const timer = setTimeout(run, millis);
        return { cancel: () => clearTimeout(timer) };
      },
    });
    this.#clients.set(call, { client, stream });
    const watch = setInterval(() => {
      if (stream.stuckFor < stuckLimit) return;
      log.warn("an Envoy does not read or answer: its stream is cut", { node: client.node });
      events.cut?.(client);
      // Not destroyed: then gRPC would say nothing, and an Envoy that reads again later would wait for ever.
      call.emit("error", { code: grpc.status.UNAVAILABLE, details: "the client does not keep up" });
      end();
    }, stuckLimit / 4);
    const end = (): void => {
      clearInterval(watch);
      stream.close();
      if (this.#clients.delete(call)) events.disconnected?.(client);
    };
    call.on("data", (request: DeltaDiscoveryRequest) => {
      // What was cut may still have something to say.
      if (!this.#clients.has(call)) return;
      if (client.node === "" && request.node !== undefined) {
        client.node = request.node.id;
        events.connected?.(client);
      }
      stream.request(request);
    });
    call.on("drain", () => stream.drained());
    call.on("error", (error) =>
      log.debug("xDS stream ended with an error", { node: client.node, error: errorMessage(error) }),
    );
    call.on("end", () => call.end());
    call.on("close", end);
    call.on("cancelled", end);
  }
}

/** Who is on the other end, by its connection. */
function origin(call: AdsCall): Pick<XdsClient, "address" | "names"> {
  const certificate = call.getAuthContext().sslPeerCertificate;
  if (certificate === undefined) return { address: undefined, names: [] };
  return { address: call.getPeer(), names: alternativeNames(certificate.subjectaltname ?? "") };
}
