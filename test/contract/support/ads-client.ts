import * as grpc from "@grpc/grpc-js";
import { DeltaDiscoveryRequest, DeltaDiscoveryResponse } from "#proto/envoy/service/discovery/v3/discovery.ts";
import { TYPE_URLS, type XdsType } from "#xds/resource.ts";

/** What a client asks for or says of one type. */
export interface Asking {
  readonly subscribe?: readonly string[];
  readonly unsubscribe?: readonly string[];
  /** What it brings along from an earlier stream: version by name. */
  readonly versions?: Readonly<Record<string, string>>;
}

/** A response in short: versions by name, and what is gone. */
export interface Received {
  readonly type: XdsType;
  readonly nonce: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly removed: readonly string[];
  readonly bytes: ReadonlyMap<string, Uint8Array>;
}

const METHOD = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources";
/** It decides only how a test that fails ends. */
const BOUND_MS = 60_000;
/** A server name of nobody else: it is answered at once, so that all that was sent before it has arrived. */
const NOBODY = "nobody.invalid";

/** A delta ADS client as Envoy is one, driven by hand. */
export class AdsClient implements Disposable {
  readonly #client: grpc.Client;
  readonly #stream: grpc.ClientDuplexStream<DeltaDiscoveryRequest, DeltaDiscoveryResponse>;
  readonly #received: Received[] = [];
  readonly #node: string;
  #waiting: { readonly resolve: (received: Received) => void; readonly reject: (error: Error) => void } | undefined;
  #ended: Error | undefined;
  #pings = 0;

  /** `target` is a gRPC address such as `unix:/run/xds.sock`. */
  constructor(target: string, node = "test") {
    this.#node = node;
    this.#client = new grpc.Client(target, grpc.credentials.createInsecure(), {
      "grpc.max_receive_message_length": -1,
      "grpc.use_local_subchannel_pool": 1,
    });
    this.#stream = this.#client.makeBidiStreamRequest(
      METHOD,
      (request: DeltaDiscoveryRequest) => Buffer.from(DeltaDiscoveryRequest.encode(request).finish()),
      (bytes: Buffer) => DeltaDiscoveryResponse.decode(bytes),
    );
    this.#stream.on("data", (response: DeltaDiscoveryResponse) => this.#take(short(response)));
    this.#stream.on("error", (error) => this.#end(error));
    this.#stream.on("end", () => this.#end(new Error("the server ended the stream")));
  }

  ask(type: XdsType, asking: Asking = {}, more: Partial<DeltaDiscoveryRequest> = {}): void {
    this.#stream.write(
      DeltaDiscoveryRequest.fromPartial({
        node: { id: this.#node },
        typeUrl: TYPE_URLS[type],
        resourceNamesSubscribe: [...(asking.subscribe ?? [])],
        resourceNamesUnsubscribe: [...(asking.unsubscribe ?? [])],
        initialResourceVersions: { ...asking.versions },
        ...more,
      }),
    );
  }

  ack({ type, nonce }: Pick<Received, "type" | "nonce">): void {
    this.ask(type, {}, { responseNonce: nonce });
  }

  nack({ type, nonce }: Pick<Received, "type" | "nonce">, message: string): void {
    this.ask(type, {}, { responseNonce: nonce, errorDetail: { code: 3, message, details: [] } });
  }

  /** The next response, in the order in which they came. */
  next(): Promise<Received> {
    const received = this.#received.shift();
    if (received !== undefined) return Promise.resolve(received);
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#end(new Error(`nothing came in ${BOUND_MS} ms`)), BOUND_MS);
      this.#waiting = {
        resolve: (value) => {
          clearTimeout(timer);
          resolve(value);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      };
    });
  }

  /** The next response, acknowledged. */
  async taken(): Promise<Received> {
    const received = await this.next();
    this.ack(received);
    return received;
  }

  /** All that the server sends because of what has happened until now. */
  async rest(): Promise<readonly Received[]> {
    const name = `${++this.#pings}.${NOBODY}`;
    this.ask("secret", { subscribe: [name] });
    const before: Received[] = [];
    for (;;) {
      const received = await this.next();
      if (received.removed.includes(name) || name in received.versions) {
        this.ask("secret", { unsubscribe: [name] }, { responseNonce: received.nonce });
        return before;
      }
      before.push(received);
    }
  }

  /** Resolves when the server has ended the stream, with its words. */
  async ended(): Promise<string> {
    for (;;) {
      try {
        await this.next();
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
    }
  }

  /** Stops reading, as a client that hangs does. */
  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  [Symbol.dispose](): void {
    this.#stream.cancel();
    this.#client.close();
  }

  #take(received: Received): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) this.#received.push(received);
    else waiting.resolve(received);
  }

  #end(error: Error): void {
    this.#ended ??= error;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.reject(this.#ended);
  }
}

function short(response: DeltaDiscoveryResponse): Received {
  const type = Object.entries(TYPE_URLS).find(([, url]) => url === response.typeUrl)?.[0];
  if (type === undefined) throw new Error(`a response of type ${response.typeUrl}`);
  return {
    type: type as XdsType,
    nonce: response.nonce,
    versions: Object.fromEntries(response.resources.map(({ name, version }) => [name, version])),
    removed: response.removedResources,
    bytes: new Map(response.resources.map(({ name, resource }) => [name, resource?.value ?? new Uint8Array()])),
  };
}
