import * as grpc from "@grpc/grpc-js";
import { errorMessage } from "#lib/error-message.ts";
import type { Logger } from "#lib/log.ts";
import { DeltaDiscoveryRequest } from "#proto/envoy/service/discovery/v3/discovery.ts";
import { ADS_SERVICE, type AdsCall } from "#xds/ads-service.ts";
import type { Snapshot } from "#xds/snapshot.ts";
import { AdsStream } from "#xds/stream.ts";
import { BroughtAlong } from "./brought-along.ts";

const CLOSE_MS = 500;

/**
 * Serves an archived snapshot over delta ADS, by the control plane's own streams. Apart from its server it differs in one
 * thing: what an Envoy has already is left as it is, see {@link BroughtAlong}.
 */
export class ArchiveService implements AsyncDisposable {
  readonly #snapshot: Snapshot;
  readonly #log: Logger;
  readonly #server = new grpc.Server({ "grpc.max_receive_message_length": -1 });
  readonly #calls = new Set<AdsCall>();

  constructor(snapshot: Snapshot, log: Logger) {
    this.#snapshot = snapshot;
    this.#log = log;
    this.#server.addService(ADS_SERVICE, { DeltaAggregatedResources: (call: AdsCall) => this.#accept(call) });
  }

  /** Listens on a Unix socket that does not exist yet. */
  listen(path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.bindAsync(`unix:${path}`, grpc.ServerCredentials.createInsecure(), (error) => {
        if (error === null) resolve();
        else reject(new Error(`could not listen on ${path}`, { cause: error }));
      });
    });
  }

  /** Ends the streams, so that their Envoys look for a server again. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const call of this.#calls) call.end();
    await new Promise<void>((resolve) => {
      const force = setTimeout(() => this.#server.forceShutdown(), CLOSE_MS);
      this.#server.tryShutdown(() => {
        clearTimeout(force);
        resolve();
      });
    });
  }

  #accept(call: AdsCall): void {
    const brought = new BroughtAlong();
    const stream = new AdsStream({
      snapshot: this.#snapshot,
      send: (response) => {
        const rest = brought.withhold(response);
        if (rest.resources.length > 0 || rest.removedResources.length > 0) return call.write(rest);
        const { typeUrl, nonce: responseNonce } = response;
        // All of it is there already, which is what an acknowledgement says.
        queueMicrotask(() => stream.request(DeltaDiscoveryRequest.fromPartial({ typeUrl, responseNonce })));
        return true;
      },
      events: {
        refused: ({ type, message }) => this.#log.warn("Envoy refuses what the archive has", { type, message }),
      },
      now: () => performance.now(),
      setTimer: (run, millis) => {
        const timer = setTimeout(run, millis);
        return { cancel: () => clearTimeout(timer) };
      },
    });
    this.#calls.add(call);
    call.once("data", ({ node }: DeltaDiscoveryRequest) => {
      this.#log.info("an Envoy is served from the archive", { node: node?.id ?? "" });
    });
    call.on("data", (request: DeltaDiscoveryRequest) => {
      brought.note(request);
      stream.request(request);
    });
    call.on("drain", () => stream.drained());
    call.on("error", (error) => this.#log.debug("a stream ended with an error", { error: errorMessage(error) }));
    call.on("end", () => call.end());
    for (const event of ["close", "cancelled"]) {
      call.on(event, () => {
        this.#calls.delete(call);
        stream.close();
      });
    }
  }
}
